/** Reddit's pixel knows of no more than its own cookies: hold the pixel itself as well. */
import { vendor } from "./lib/vendor.js";

/** @type {import("../../types/parts.js").Part} */
export default (has) =>
  vendor("rdt", (rdt) => rdt(`${has("marketing") ? "enable" : "disable"}FirstPartyCookies`));
