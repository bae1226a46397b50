tarteaucitron.init({
  privacyUrl: "/privacy",
  bodyPosition: "top",
  hashtag: "#tarteaucitron",
  cookieName: "tarteaucitron",
  orientation: "bottom",
  groupServices: true,
  showDetailsOnClick: true,
  serviceDefaultState: "wait",
  showAlertSmall: false,
  showTitleBanner: true,
  cookieslist: true,
  cookieslistEmbed: true,
  showIcon: false,
  adblocker: false,
  DenyAllCta: true,
  AcceptAllCta: true,
  highPrivacy: true,
  alwaysNeedConsent: true,
  handleBrowserDNTRequest: false,
  removeCredit: false,
  moreInfoLink: true,
  useExternalCss: false,
  useExternalJs: false,
  mandatory: true,
  mandatoryCta: true,
  googleConsentMode: true,
  bingConsentMode: false,
  pianoConsentMode: false,
  dataLayer: false,
});
tarteaucitronCustomText = {
  middleBarHead: "Cookies on this site",
  alertBigPrivacy:
    "We use cookies that the shop needs, and others only if you agree to them. Keep your basket and your session while you shop, and remember this choice. Remember settings such as the language that you picked, so that you need not pick it again. Count which pages are read and where visitors get stuck, so that we can mend them. Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
};
const add = (key, type, name, cookies) => {
  tarteaucitron.services[key] = {
    key,
    type,
    name,
    needConsent: true,
    cookies,
    js() {},
    fallback() {},
  };
  (tarteaucitron.job = tarteaucitron.job || []).push(key);
};
addEventListener("load", () => {
  add("lang", "other", "lang (Nordlund Tea AB)", ["lang"]);
  add("ga", "analytic", "_ga (Nordic Metrics AB)", ["_ga", "_ga_*"]);
  add("adpix", "ads", "_adpix (AdPix Ltd)", ["_adpix"]);
});
