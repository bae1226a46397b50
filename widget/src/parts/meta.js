/** Meta's pixel: revoked before `init`, granted after a yes. */
import { vendor } from "./lib/vendor.js";

/** @type {import("../../types/parts.js").Part} */
export default (has) =>
  vendor("fbq", (fbq) => fbq("consent", has("marketing") ? "grant" : "revoke"));
