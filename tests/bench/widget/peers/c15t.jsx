import { ConsentBanner, ConsentDialog, ConsentManagerProvider } from "@c15t/react";
import "@c15t/react/styles.css";
import { createRoot } from "react-dom/client";

window.dataLayer = window.dataLayer || [];
function gtag() {
  dataLayer.push(arguments);
}
const told = (preferences) => {
  const said = (category) => (preferences[category] ? "granted" : "denied");
  return {
    ad_storage: said("marketing"),
    ad_user_data: said("marketing"),
    ad_personalization: said("marketing"),
    analytics_storage: said("measurement"),
  };
};
gtag("consent", "default", told({}));

const options = {
  mode: "offline",
  consentCategories: ["necessary", "functionality", "measurement", "marketing"],
  overrides: { country: "DE" },
  callbacks: {
    onConsentSet: ({ preferences }) => gtag("consent", "update", told(preferences)),
  },
  i18n: {
    locale: "en",
    detectBrowserLanguage: false,
    messages: {
      en: {
        common: { acceptAll: "Accept all", rejectAll: "Reject all", customize: "Choose" },
        cookieBanner: {
          title: "Cookies on this site",
          description:
            "We use cookies that the shop needs, and others only if you agree to them. Keep your basket and your session while you shop, and remember this choice. Remember settings such as the language that you picked, so that you need not pick it again. Count which pages are read and where visitors get stuck, so that we can mend them. Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
        },
        consentTypes: {
          necessary: {
            title: "Necessary",
            description:
              "Keep your basket and your session while you shop, and remember this choice.",
          },
          functionality: {
            title: "Preferences",
            description:
              "Remember settings such as the language that you picked, so that you need not pick it again.",
          },
          measurement: {
            title: "Statistics",
            description:
              "Count which pages are read and where visitors get stuck, so that we can mend them.",
          },
          marketing: {
            title: "Marketing",
            description:
              "Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
          },
        },
      },
    },
  },
};

const root = document.createElement("div");
document.body.prepend(root);
createRoot(root).render(
  <ConsentManagerProvider options={options}>
    <ConsentBanner />
    <ConsentDialog />
  </ConsentManagerProvider>,
);
