// Behaves like an advertising script of a stranger: a number on the page's own host, and a pixel
// from its own, whose answer sets what the demo's policy declares for Adplatan GmbH.
(() => {
  const QUARTER = 7_776_000;

  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const known = document.cookie.split("; ").find((cookie) => cookie.startsWith("_adp="));
  const visitor = known?.slice("_adp=".length) ?? crypto.randomUUID();
  document.cookie = `_adp=${visitor}; Path=/; SameSite=Lax; Max-Age=${QUARTER}`;

  const pixel = new URL("/pixel.gif", script.src);
  pixel.searchParams.set("visitor", visitor);
  pixel.searchParams.set("page", location.pathname);
  pixel.searchParams.set("by", "script");
  new Image(1, 1).src = pixel.href;
})();
