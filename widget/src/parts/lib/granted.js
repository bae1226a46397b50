/** What has been granted, as vendors say it. */

/** As Google and Microsoft say it. @param {unknown} yes */
export const word = (yes) => (yes ? "granted" : "denied");

/** The set that the inline stub told; undefined where there is no stub.
 * @type {() => number | undefined} */
export const told = () => /** @type {any} */ (window.consent)?.told;
