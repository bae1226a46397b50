// The strip "What this page knows": which cookies lie on this host, what else is stored, and what
// was asked of the tags' host since the page was opened. It looks; it stores nothing itself.
(() => {
  const INTERVAL = 400;

  const panel = /** @type {HTMLElement} */ (document.querySelector("[data-panel]"));
  const tags = new URL(panel.dataset.panel ?? "").origin;

  /** @type {Set<string>} */
  const asked = new Set();

  /** @param {Iterable<PerformanceEntry>} entries */
  const note = (entries) => {
    for (const { name } of entries) {
      const url = new URL(name, location.href);
      if (url.origin === tags) asked.add(url.pathname.slice(1));
    }
  };

  const cookies = () => document.cookie.split("; ").filter(Boolean).map((c) => c.split("=")[0]);

  const stored = () => {
    try {
      return [...Object.keys(localStorage), ...Object.keys(sessionStorage)];
    } catch {
      return []; // The browser refuses storage, so there is none.
    }
  };

  /**
   * @param {string} list
   * @param {string[]} names
   */
  const show = (list, names) => {
    const place = /** @type {HTMLElement} */ (panel.querySelector(`[data-list="${list}"]`));
    const text = names.sort().join(" ");
    // Only a difference is written, so that a screen reader hears of changes alone.
    if (place.dataset.shown === text) return;
    place.dataset.shown = text;
    place.replaceChildren(...(names.length ? names.map(chip) : [place.dataset.none ?? ""]));
  };

  /** @param {string} name */
  const chip = (name) => Object.assign(document.createElement("code"), { textContent: name });

  const refresh = () => {
    show("cookies", cookies());
    show("stored", stored());
    show("asked", [...asked]);
  };

  new PerformanceObserver((list) => note(list.getEntries())).observe({
    type: "resource",
    buffered: true,
  });
  panel.hidden = false;
  refresh();
  setInterval(refresh, INTERVAL);
})();
