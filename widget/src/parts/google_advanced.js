/**
 * Google, advanced: its tags run before a yes and send pings without cookies. They wait half a
 * second for a visitor's choice, leave click ids out, and hand them on in links instead.
 */
import { consentMode } from "./lib/consent-mode.js";

/** @type {import("../../types/parts.js").Part} */
export default (_has, config) =>
  consentMode(config, { wait_for_update: 500 }, { ads_data_redaction: true, url_passthrough: true });
