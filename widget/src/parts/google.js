/** Google, basic: the site holds Google's tags until a yes; then they find the state waiting. */
import { consentMode } from "./lib/consent-mode.js";

/** @type {import("../../types/parts.js").Part} */
export default (_has, config) => consentMode(config);
