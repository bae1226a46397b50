/**
 * What layer two takes from the core, which put it on our own tag: one thing of each kind, and one
 * truth about the choice.
 *
 * @import { Kit } from "../../types/internal.js"
 */
export const [
  ready,
  categories,
  h,
  button,
  link,
  signalled,
  toList,
  toPrivacy,
  enter,
  leave,
  has,
  choose,
  gpc,
  everything,
  now,
] = /** @type {{ core: Kit }} */ (/** @type {unknown} */ (document.currentScript)).core;
