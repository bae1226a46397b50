window.dataLayer = window.dataLayer || [];
function gtag() {
  dataLayer.push(arguments);
}
const told = (said) => ({
  ad_storage: said,
  ad_user_data: said,
  ad_personalization: said,
  analytics_storage: said,
});
gtag("consent", "default", told("denied"));

window.cookieconsent.initialise({
  type: "opt-in",
  palette: { popup: { background: "#ffffff", text: "#16202c" }, button: { background: "#17324d" } },
  content: {
    message:
      "We use cookies that the shop needs, and others only if you agree to them. Keep your basket and your session while you shop, and remember this choice. Remember settings such as the language that you picked, so that you need not pick it again. Count which pages are read and where visitors get stuck, so that we can mend them. Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
    allow: "Accept all",
    deny: "Reject all",
    link: "Cookies",
    href: "/cookies",
  },
  onStatusChange(status) {
    gtag("consent", "update", told(status === "allow" ? "granted" : "denied"));
  },
});
