import css from "./style.css";

/**
 * Give a root our style sheet: a constructed one, which no Content-Security-Policy forbids and
 * which reaches nothing else.
 *
 * @param {DocumentOrShadowRoot} root
 * @param {Window & typeof globalThis} view  The window that the root belongs to.
 */
export function dress(root, view) {
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
}
