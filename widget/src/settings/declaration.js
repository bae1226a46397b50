/**
 * `<div data-consent-declaration>`: the categories, what is stored for each, and the visitor's own
 * choice, on a page of the site. Plain markup in the page itself, not in a shadow root: it is a
 * part of the page's text, and looks, prints and is searched like the rest of it.
 */
import { CATEGORIES, holds } from "../ask.js";
import { item } from "./items.js";
import { categories, h, now } from "./kit.js";
import { receipt } from "./receipt.js";

/** @type {WeakSet<Element>} */
const drawn = new WeakSet();

/** @param {HTMLElement} target */
export function declare(target) {
  if (drawn.has(target)) return;
  drawn.add(target);
  const draw = () => {
    const held = target.contains(document.activeElement);
    target.replaceChildren(...content());
    // What had the focus is gone; the last button is always there.
    if (held) /** @type {HTMLElement} */ (target.lastElementChild?.firstChild).focus();
  };
  document.addEventListener("consent:change", draw);
  draw();
}

/** @returns {Node[]} */
function content() {
  const [, , inForce] = now();
  return [
    ...CATEGORIES.flatMap((_, place) => category(place, holds(inForce, place))),
    ...receipt(),
    h("p", h("button", { "data-consent-open": "", type: "button" }, __settings__)),
  ];
}

/** @param {number} place @param {boolean} granted */
function category(place, granted) {
  const [title, text] = categories[place];
  const [, ...declared] = __ITEMS__[place];
  const state = place ? (granted ? __on__ : __off__) : __always__;
  return [
    h("h3", title),
    h("p", `${text} `, h("b", state)),
    ...(declared[0] ? [h("ul", declared.map((each) => h("li", item(each))))] : []),
  ];
}
