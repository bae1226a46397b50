/**
 * The ask-again rule (R29, R30, R31). Pure. The service has the same rule in Python; both run
 * from `tests/vectors/reconsent.json`.
 *
 * A set of categories is a number, as in the choice cookie: preferences 1, statistics 2,
 * marketing 4.
 *
 * @import { Answer, Days, Epochs, Optional, Verdict } from "../types/internal.js"
 */

/** The categories that a visitor may deny, in the order of the product.
 * @type {readonly Optional[]} */
export const OPTIONAL = ["preferences", "statistics", "marketing"];

export const MARKETING = 4;

/** The set of those that pass. @param {(name: Optional, index: number) => unknown} test */
export const setOf = (test) =>
  OPTIONAL.reduce((set, name, index) => (test(name, index) ? set | (1 << index) : set), 0);

/** Whether a set holds a category; the necessary one is in every set.
 * @param {number} set
 * @param {string} name */
export const holds = (set, name) =>
  name === "necessary" || (set & (1 << OPTIONAL.indexOf(/** @type {Optional} */ (name)))) > 0;

/**
 * About what the visitor must be asked, and what may run until then.
 *
 * Ask if and only if there is no stored choice, or it has lapsed, or for some category that the
 * visitor granted the current epoch is above the answered one.
 *
 * @param {Answer | null} stored
 * @param {Epochs} epochs
 * @param {Days} days
 * @param {number} today  Days since 1970-01-01, UTC.
 * @returns {Verdict}
 */
export function mustAsk(stored, epochs, days, today) {
  if (!stored || lapsed(stored, days, today)) return { about: 7, inForce: 0 };
  const risen = setOf((name, index) => epochs[name] > stored.epochs[index]);
  return { about: stored.granted & risen, inForce: stored.granted & ~risen };
}

/**
 * @param {Answer} stored
 * @param {Days} days
 * @param {number} today
 */
function lapsed(stored, days, today) {
  const age = today - stored.day;
  // One day ahead is a traveller's clock; more is a clock that was wrong when it was stored.
  return age < -1 || age >= (stored.granted ? days.granted : days.refused);
}
