/**
 * Give a root its style sheet: a constructed one, which no Content-Security-Policy forbids and which
 * reaches nothing else.
 *
 * @param {DocumentOrShadowRoot} root
 * @param {string} [more]  Beside what every layer has.
 * @param {Window & typeof globalThis} [view]  The window that the root belongs to.
 */
export function dress(root, more = "", view = window) {
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(__CSS__ + more);
  // Not pushed: for the list that is there Chromium sets up more than for a new one.
  root.adoptedStyleSheets = [sheet];
}
