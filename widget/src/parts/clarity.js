/** Microsoft Clarity, consent API version 2. Its own queue, so that the first word is ours. */
import { word } from "./lib/granted.js";

/** @type {import("../../types/parts.js").Part} */
export default (has) => {
  const update = () => {
    // What Clarity's own snippet would make, and it keeps what it finds.
    window.clarity ??= function () {
      (window.clarity.q ??= []).push(arguments);
    };
    window.clarity("consentv2", {
      ad_Storage: word(has("marketing")),
      analytics_Storage: word(has("statistics")),
    });
  };
  update();
  return update;
};
