// Behaves like a web analytics script of a stranger: it neither knows nor asks about consent.
// What it keeps is what the demo's policy declares for Nymåne Analys AB, and nothing else.
(() => {
  const CUSTOMER = "4711";
  const YEAR = 31_536_000;
  const BEAT = 5_000;

  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const collect = new URL("/collect", script.src).href;

  /** @param {string} name */
  const read = (name) =>
    document.cookie.split("; ").find((cookie) => cookie.startsWith(`${name}=`))?.split("=")[1];

  /**
   * @param {string} name
   * @param {string} value
   * @param {string} attributes
   */
  const write = (name, value, attributes) => {
    document.cookie = `${name}=${value}; Path=/; SameSite=Lax${attributes}`;
  };

  const visitor = read("_nma") ?? crypto.randomUUID();
  const began = read(`_nma_s_${CUSTOMER}`) ?? String(Date.now());

  /** @param {string} event */
  const report = (event) => {
    // Written again at each report, as such scripts do: one that is not stopped brings back
    // whatever was deleted.
    write("_nma", visitor, `; Max-Age=${YEAR}`);
    write(`_nma_s_${CUSTOMER}`, began, "");
    const body = JSON.stringify({ event, visitor, began, page: location.pathname });
    fetch(collect, { method: "POST", mode: "no-cors", keepalive: true, body }).catch(() => {});
  };

  try {
    const pages = Number(localStorage.getItem("_nma_pages") ?? 0);
    localStorage.setItem("_nma_pages", String(pages + 1));
  } catch {
    // The browser keeps nothing: the visit is counted all the same.
  }
  report("page");
  setInterval(() => report("beat"), BEAT);
})();
