// Runs in the page before anything else. Notes when layer one is seen, what it moves, and how long
// an answer takes to be painted.
(selector) => {
  const seen = (window.seen = { visible: null, readable: null, shift: 0, refused: [], interactions: [] });

  const find = (root) => {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const { shadowRoot } of root.querySelectorAll("*")) {
      const inside = shadowRoot && find(shadowRoot);
      if (inside) return inside;
    }
    return null;
  };

  const opacity = (node) => {
    let product = 1;
    for (let each = node; each; each = each.parentElement ?? each.getRootNode().host) {
      product *= Number(getComputedStyle(each).opacity);
    }
    return product;
  };

  // How much of it can be read: 0 before it is there, 1 in its place and not faded.
  const shown = (node) => {
    const box = node.getBoundingClientRect();
    const height = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    const width = Math.min(box.right, innerWidth) - Math.max(box.left, 0);
    if (!(height > 0 && width > 0) || getComputedStyle(node).visibility !== "visible") return 0;
    return Math.min(height / box.height, width / box.width, opacity(node));
  };

  const look = () => {
    const node = find(document);
    const part = node ? shown(node) : 0;
    afterPaint((now) => {
      if (part) seen.visible ??= now;
      if (part >= 0.9) seen.readable = now;
    });
    if (part < 0.9) requestAnimationFrame(look);
  };

  // A message is delivered after the frame that is being made.
  const afterPaint = (action) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => action(performance.now());
    port2.postMessage(0);
  };

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
    seen.refused.push(effectiveDirective),
  );
  if (selector) requestAnimationFrame(look);
}
