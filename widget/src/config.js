/**
 * Where this script came from. What the service wrote into it stands in its free names, such as
 * `__VERSION__` (types/internal.d.ts has them all), each replaced by a literal when a policy
 * version is published.
 */

/** The tag that loaded us. It can only be read while the script first runs. */
export const tag = /** @type {HTMLScriptElement & { policy?: any } | null} */ (
  document.currentScript
);

export const site = __SITE__;
export const language = __LANGUAGE__;

/** The service; the page's own origin where somebody pasted the script into it. */
export const { origin, hostname: host } = new URL(tag?.src || location.href);

/** Where this site's banner and receipts are. */
export const api = `${origin}/v1/sites/${site}/`;
