/**
 * What the service wrote into this script, and where the script came from.
 *
 * @import { Config } from "../types/internal.js"
 */

/** Replaced by the service; the build refuses a bundle that holds it more or less than once.
 * @type {Config} */
export const config = __CONFIG__;

/** The tag that loaded us. It can only be read while the script first runs. */
export const tag = /** @type {HTMLScriptElement & { policy?: any } | null} */ (
  document.currentScript
);

/** Our own address; the page's where somebody pasted the script into it. */
export const source = new URL(tag?.src || location.href);

/** Where this site's banner and receipts are. */
export const api = `${source.origin}/v1/sites/${config.site}/`;

/** One text of ours with its `{names}` filled in.
 * @param {string} key
 * @param {Record<string, string | number>} [values] */
export const say = (key, values = {}) =>
  config.texts[key].replace(/{(\w+)}/g, (_, name) => String(values[name]));
