/** The declared items of one category (R37), drawn when they are first looked at. */
import { h } from "./kit.js";

const TOLD = [__name__, __provider__, __purpose__, __duration__, __kind__];

/** @param {number} place  The category's. */
export function items(place) {
  const [summary, ...declared] = __ITEMS__[place];
  const details = h("details", h("summary", summary));
  details.addEventListener("toggle", () => details.append(...declared.map(item)), { once: true });
  return details;
}

/** @param {string[]} declared  What is told of one, in the order of `TOLD`. */
export const item = (declared) =>
  h(
    "dl",
    // A name keeps its own direction: in Arabic, _ga would read ga_.
    declared.flatMap((text, at) => [h("dt", TOLD[at]), h("dd", at ? text : h("bdi", text))]),
  );
