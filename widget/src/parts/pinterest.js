/** Pinterest's tag: `false` stops its events and clears its storage. */
import { vendor } from "./lib/vendor.js";

/** @type {import("../../types/parts.js").Part} */
export default (has) => vendor("pintrk", (pintrk) => pintrk("setconsent", has("marketing")));
