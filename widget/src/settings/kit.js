/**
 * What layer two takes from the core, which put it on our own tag: one of each thing that has a
 * state, and one truth about the choice.
 *
 * @import { Kit } from "../../types/internal.js"
 */
export const [
  ready,
  version,
  categories,
  h,
  button,
  link,
  announce,
  enter,
  leave,
  dress,
  choose,
  write,
  now,
] = /** @type {{ core: Kit }} */ (/** @type {unknown} */ (document.currentScript)).core;

let dressed = false;

/** Show a layer that needs more style than layer one. @param {HTMLElement} layer @param {string} css */
export function show(layer, css) {
  const root = enter(layer);
  if (!dressed) dress(root, css);
  dressed = true;
}
