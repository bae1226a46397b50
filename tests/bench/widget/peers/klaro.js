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

var klaroConfig = {
  version: 1,
  acceptAll: true,
  showNoticeTitle: true,
  groupByPurpose: true,
  cookieExpiresAfterDays: 182,
  translations: {
    zz: { privacyPolicyUrl: "/privacy" },
    en: {
      consentNotice: {
        title: "Cookies on this site",
        description:
          "We use cookies that the shop needs, and others only if you agree to them. Keep your basket and your session while you shop, and remember this choice. Remember settings such as the language that you picked, so that you need not pick it again. Count which pages are read and where visitors get stuck, so that we can mend them. Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
        learnMore: "Choose",
      },
      consentModal: { title: "Cookie settings", description: "Choose what may be stored." },
      acceptAll: "Accept all",
      decline: "Reject all",
      purposes: {
        necessary: {
          title: "Necessary",
          description:
            "Keep your basket and your session while you shop, and remember this choice.",
        },
        preferences: {
          title: "Preferences",
          description:
            "Remember settings such as the language that you picked, so that you need not pick it again.",
        },
        statistics: {
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
  services: [
    {
      name: "shop",
      title: "session, consent (Nordlund Tea AB)",
      description: "Keeps your basket. Remembers your choice. Session, 6 months.",
      purposes: ["necessary"],
      cookies: ["session", "consent"],
      required: true,
    },
    {
      name: "lang",
      title: "lang (Nordlund Tea AB)",
      description: "Remembers your language. 1 year.",
      purposes: ["preferences"],
      cookies: ["lang"],
    },
    {
      name: "ga",
      title: "_ga, _ga_* (Nordic Metrics AB)",
      description: "Tells visitors apart. Keeps the session. 2 years.",
      purposes: ["statistics"],
      cookies: [/^_ga/],
      callback: (consent) =>
        gtag("consent", "update", { analytics_storage: consent ? "granted" : "denied" }),
    },
    {
      name: "adpix",
      title: "_adpix (AdPix Ltd)",
      description: "Recognises you on other sites. 3 months.",
      purposes: ["marketing"],
      cookies: ["_adpix"],
      callback: (consent) => {
        const said = consent ? "granted" : "denied";
        gtag("consent", "update", {
          ad_storage: said,
          ad_user_data: said,
          ad_personalization: said,
        });
      },
    },
  ],
};
