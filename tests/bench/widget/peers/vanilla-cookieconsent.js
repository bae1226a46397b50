import "./dist/cookieconsent.umd.js";

window.dataLayer = window.dataLayer || [];
function gtag() {
  dataLayer.push(arguments);
}
gtag("consent", "default", {
  ad_storage: "denied",
  ad_user_data: "denied",
  ad_personalization: "denied",
  analytics_storage: "denied",
});
const tell = () => {
  const said = (category) => (CookieConsent.acceptedCategory(category) ? "granted" : "denied");
  gtag("consent", "update", {
    ad_storage: said("marketing"),
    ad_user_data: said("marketing"),
    ad_personalization: said("marketing"),
    analytics_storage: said("statistics"),
  });
};

const headers = { name: "Name", provider: "Provider", purpose: "Purpose", duration: "Duration" };
CookieConsent.run({
  categories: {
    necessary: { enabled: true, readOnly: true },
    preferences: { autoClear: { cookies: [{ name: "lang" }] } },
    statistics: { autoClear: { cookies: [{ name: /^_ga/ }] } },
    marketing: { autoClear: { cookies: [{ name: "_adpix" }] } },
  },
  onConsent: tell,
  onChange: tell,
  language: {
    default: "en",
    translations: {
      en: {
        consentModal: {
          title: "Cookies on this site",
          description:
            "We use cookies that the shop needs, and others only if you agree to them. Keep your basket and your session while you shop, and remember this choice. Remember settings such as the language that you picked, so that you need not pick it again. Count which pages are read and where visitors get stuck, so that we can mend them. Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
          acceptAllBtn: "Accept all",
          acceptNecessaryBtn: "Reject all",
          showPreferencesBtn: "Choose",
          footer: '<a href="/cookies">Cookies</a> <a href="/privacy">Privacy</a>',
        },
        preferencesModal: {
          title: "Cookie settings",
          acceptAllBtn: "Accept all",
          acceptNecessaryBtn: "Reject all",
          savePreferencesBtn: "Save",
          closeIconLabel: "Close",
          sections: [
            {
              title: "Necessary",
              description:
                "Keep your basket and your session while you shop, and remember this choice.",
              linkedCategory: "necessary",
              cookieTable: {
                headers,
                body: [
                  {
                    name: "session",
                    provider: "Nordlund Tea AB",
                    purpose: "Keeps your basket.",
                    duration: "Session",
                  },
                  {
                    name: "consent",
                    provider: "Nordlund Tea AB",
                    purpose: "Remembers your choice.",
                    duration: "6 months",
                  },
                ],
              },
            },
            {
              title: "Preferences",
              description:
                "Remember settings such as the language that you picked, so that you need not pick it again.",
              linkedCategory: "preferences",
              cookieTable: {
                headers,
                body: [
                  {
                    name: "lang",
                    provider: "Nordlund Tea AB",
                    purpose: "Remembers your language.",
                    duration: "1 year",
                  },
                ],
              },
            },
            {
              title: "Statistics",
              description:
                "Count which pages are read and where visitors get stuck, so that we can mend them.",
              linkedCategory: "statistics",
              cookieTable: {
                headers,
                body: [
                  {
                    name: "_ga",
                    provider: "Nordic Metrics AB",
                    purpose: "Tells visitors apart.",
                    duration: "2 years",
                  },
                  {
                    name: "_ga_*",
                    provider: "Nordic Metrics AB",
                    purpose: "Keeps the session.",
                    duration: "2 years",
                  },
                ],
              },
            },
            {
              title: "Marketing",
              description:
                "Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
              linkedCategory: "marketing",
              cookieTable: {
                headers,
                body: [
                  {
                    name: "_adpix",
                    provider: "AdPix Ltd",
                    purpose: "Recognises you on other sites.",
                    duration: "3 months",
                  },
                ],
              },
            },
          ],
        },
      },
    },
  },
});
