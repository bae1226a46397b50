/** Microsoft's Universal Event Tracking: untold, it takes consent as given in most countries. */
import { told, word } from "./lib/granted.js";

/** @type {import("../../types/parts.js").Part} */
export default (has) => {
  /** @param {string} command @param {boolean} [yes] */
  const tell = (command, yes) =>
    void (window.uetq ??= []).push("consent", command, { ad_storage: word(yes) });
  const update = () => tell("update", has("marketing"));
  const before = told();
  if (before === undefined) tell("default");
  if (has("marketing") !== !!(before && before & 4)) update();
  return update;
};
