/**
 * Tell the site's own server when something is withdrawn, so that it can expire what no script can
 * reach: HttpOnly cookies. Sent before the page is loaded anew.
 *
 * @import { Extra } from "../../types/internal.js"
 */

/** @type {Extra} */
export default (has, tellers) => {
  const all = ["preferences", "statistics", "marketing"];
  let granted = all.filter(has);
  tellers.push(() => {
    const denied = all.filter((name) => !has(name));
    const withdrawn = granted.some((name) => denied.includes(name));
    granted = all.filter(has);
    if (!withdrawn) return;
    return fetch(__HOOK__, {
      method: "POST",
      body: JSON.stringify(denied),
      headers: { "content-type": "application/json" },
      keepalive: true,
      // The site's server fails or not: here everything that can be done is done.
    }).catch(() => {});
  });
};
