import { CookieBanner, CookiePreferences, RecallButton, initCookieYes } from "@cookieyes/react";
import "@cookieyes/react/styles.css";
import { createRoot } from "react-dom/client";

initCookieYes({
  mode: "cookie-only",
  regulation: "GDPR",
  colorScheme: "system",
  categories: [
    { id: "necessary", required: true },
    { id: "functional" },
    { id: "analytics", gcm: ["analytics_storage"] },
    { id: "advertisement", gcm: ["ad_storage", "ad_user_data", "ad_personalization"] },
  ],
  i18n: {
    locale: "en",
    detectBrowserLanguage: false,
    messages: {
      en: {
        bannerTitle: "Cookies on this site",
        bannerDescription:
          "We use cookies that the shop needs, and others only if you agree to them. Keep your basket and your session while you shop, and remember this choice. Remember settings such as the language that you picked, so that you need not pick it again. Count which pages are read and where visitors get stuck, so that we can mend them. Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
        acceptAll: "Accept all",
        rejectAll: "Reject all",
        managePreferences: "Choose",
        categories: {
          necessary: {
            title: "Necessary",
            description:
              "Keep your basket and your session while you shop, and remember this choice.",
          },
          functional: {
            title: "Preferences",
            description:
              "Remember settings such as the language that you picked, so that you need not pick it again.",
          },
          analytics: {
            title: "Statistics",
            description:
              "Count which pages are read and where visitors get stuck, so that we can mend them.",
          },
          advertisement: {
            title: "Marketing",
            description:
              "Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
          },
        },
      },
    },
  },
});

const root = document.createElement("div");
document.body.prepend(root);
createRoot(root).render(
  <>
    <CookieBanner />
    <CookiePreferences />
    <RecallButton />
  </>,
);
