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

window.orejimeConfig = {
  privacyPolicyUrl: "/privacy",
  translations: {
    banner: {
      title: "Cookies on this site",
      description:
        "We use cookies that the shop needs, and others only if you agree to them. Keep your basket and your session while you shop, and remember this choice. Remember settings such as the language that you picked, so that you need not pick it again. Count which pages are read and where visitors get stuck, so that we can mend them. Let advertising partners recognise you here and elsewhere, to show and to measure adverts. {privacyPolicy}",
    },
  },
  purposes: [
    {
      id: "necessary",
      title: "Necessary",
      description: "Keep your basket and your session while you shop, and remember this choice.",
      isMandatory: true,
      cookies: [],
    },
    {
      id: "preferences",
      title: "Preferences",
      description:
        "Remember settings such as the language that you picked, so that you need not pick it again.",
      purposes: [
        {
          id: "lang",
          title: "lang (Nordlund Tea AB)",
          description: "Remembers your language. 1 year.",
          cookies: ["lang"],
        },
      ],
    },
    {
      id: "statistics",
      title: "Statistics",
      description:
        "Count which pages are read and where visitors get stuck, so that we can mend them.",
      purposes: [
        {
          id: "ga",
          title: "_ga, _ga_* (Nordic Metrics AB)",
          description: "Tells visitors apart. Keeps the session. 2 years.",
          cookies: [/^_ga/],
        },
      ],
    },
    {
      id: "marketing",
      title: "Marketing",
      description:
        "Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
      purposes: [
        {
          id: "adpix",
          title: "_adpix (AdPix Ltd)",
          description: "Recognises you on other sites. 3 months.",
          cookies: ["_adpix"],
        },
      ],
    },
  ],
};

orejime.manager.on("update", () => {
  const said = (id) => (orejime.manager.getConsent(id) ? "granted" : "denied");
  gtag("consent", "update", {
    ad_storage: said("adpix"),
    ad_user_data: said("adpix"),
    ad_personalization: said("adpix"),
    analytics_storage: said("ga"),
  });
});
