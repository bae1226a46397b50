/**
 * What is in force, and what the inline stub has already said of it.
 *
 * @import { Has } from "../../../types/parts.js"
 */

export const CATEGORIES = ["preferences", "statistics", "marketing"];

/** As Google and Microsoft say it. @param {unknown} yes */
export const word = (yes) => (yes ? "granted" : "denied");

/** The set of granted categories, as in the choice cookie. @param {Has} has */
export const granted = (has) =>
  CATEGORIES.reduce((set, category, index) => set | (+has(category) << index), 0);

/** The set that the stub told; undefined where there is no stub.
 * @type {() => number | undefined} */
export const told = () => /** @type {any} */ (window.consent)?.told;
