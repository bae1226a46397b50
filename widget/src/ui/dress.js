/**
 * Give a root a style sheet: a constructed one, which no Content-Security-Policy forbids and which
 * reaches nothing else.
 *
 * @param {DocumentOrShadowRoot} root
 * @param {Window & typeof globalThis} [view]  The window that the root belongs to.
 * @param {string} [css]
 */
export function dress(root, view = window, css = __CSS__) {
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets.push(sheet);
}
