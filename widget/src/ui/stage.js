/**
 * The one element that the page gets from us: first in its body, without a name that a block list
 * would know, its inside in a shadow root where no style leaks in or out.
 */
import { config } from "../config.js";
import { h } from "./h.js";
import css from "./style.css";

/** @type {HTMLElement | undefined} */
let host;

/** @type {HTMLElement} */
let status;

/** Layers that are shown now. @type {Set<HTMLElement>} */
const shown = new Set();

/** Whether a node is ours. @param {EventTarget | null} node */
export const ours = (node) => !!node && node === host;

/** Show a layer. @param {HTMLElement} layer */
export function enter(layer) {
  shown.add(layer);
  layer.lang = config.language;
  layer.dir = config.direction;
  attach();
  host?.shadowRoot?.prepend(layer);
}

/** @param {HTMLElement} layer */
export function leave(layer) {
  shown.delete(layer);
  layer.remove();
}

/** Wait for the body, and come back into it where a page swaps it. */
export function attach() {
  host ??= build();
  if (shown.size && document.body && !host.isConnected) document.body.prepend(host);
}

/** Say something to those who listen; and show it, if it is news to those who see.
 * @param {string} text
 * @param {boolean} [seen] */
export function announce(text, seen = false) {
  status.className = seen ? "say" : "say away";
  shown.add(status);
  attach();
  // A live region is read when its text changes, not when it arrives with the text.
  setTimeout(() => (status.textContent = text), 100);
  if (seen) setTimeout(retire, 5000);
}

function retire() {
  status.textContent = "";
  shown.delete(status);
  if (!shown.size) host?.remove();
}

function build() {
  const outer = h("div", { "data-nosnippet": true });
  const root = outer.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  status = h("p", { role: "status", lang: config.language, dir: config.direction });
  root.append(status);
  return outer;
}
