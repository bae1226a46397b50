/**
 * The one element that the page gets from us: first in its body, without a name that a block list
 * would know, its inside in a shadow root where no style leaks in or out.
 */
import { language } from "../config.js";
import { dress } from "./dress.js";
import { h } from "./h.js";

/** @type {HTMLElement} */
let host;

/** @type {HTMLElement} */
let status;

/** Whether a node is ours. @param {EventTarget | null} node */
export const ours = (node) => node === host;

/** @param {HTMLElement} layer @returns {ShadowRoot}  Where it stands now. */
export function enter(layer) {
  host ??= build();
  inside().prepend(layer);
  attach();
  return inside();
}

const inside = () => /** @type {ShadowRoot} */ (host.shadowRoot);

/** Whether anything is shown. Beside that, there is the slot. */
const busy = () => inside().childElementCount > 1;

/** @param {HTMLElement | undefined} layer */
export const leave = (layer) => layer?.remove();

/**
 * Programs that refuse for their users (autoconsent, where it has no rule for us) look for a button
 * in the page's own tree, inside what lies above the page. They get a twin of ours there, which no
 * person can see, hear or reach: drawn, as they look for what is drawn, but cut to nothing.
 *
 * @param {HTMLElement[]} buttons  One, or none to take it away.
 */
export const offer = (...buttons) =>
  host?.replaceChildren(
    ...buttons.map(({ onclick, textContent }) =>
      h("button", { inert: true, ariaHidden: "true", onclick, textContent }),
    ),
  );

/** Wait for the body, and come back into it where a page swaps it. */
export function attach() {
  if (document.body && host?.isConnected === false && busy()) document.body.prepend(host);
}

/** Say something to those who listen; and show it, if it is news to those who see.
 * @param {string} text
 * @param {boolean} [seen] */
export function announce(text, seen) {
  status ??= h("output");
  // What was said before is not to be seen in the place of this: while it is empty nothing is.
  status.textContent = "";
  enter(status);
  status.className = seen ? "" : "away";
  // A live region is read when its text changes, not when it arrives with the text.
  setTimeout(() => (status.textContent = text), 100);
  if (seen) setTimeout(retire, 5000);
}

function retire() {
  leave(status);
  status.textContent = "";
  if (!busy()) host.remove();
}

function build() {
  const outer = h("div", { "data-nosnippet": "", lang: language, dir: __DIRECTION__ });
  const root = outer.attachShadow({ mode: "open" });
  dress(root);
  root.append(h("slot"));
  return outer;
}
