/**
 * The ask-again rule (R29, R30, R31). Pure. The service has the same rule in Python; both run
 * from `tests/vectors/reconsent.json`.
 *
 * @import { Answer, Days, Epochs, Optional, Verdict } from "../types/internal.js"
 */

/** The categories that a visitor may deny, in the order of the product.
 * @type {readonly Optional[]} */
export const OPTIONAL = ["preferences", "statistics", "marketing"];

/**
 * Whether the visitor must be asked, about what, and what may run until then.
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
  if (!stored || lapsed(stored, days, today)) return { ask: true, about: OPTIONAL, inForce: [] };
  const granted = OPTIONAL.filter((category) => stored.granted.includes(category));
  const about = granted.filter((category) => epochs[category] > stored.epochs[category]);
  const inForce = granted.filter((category) => !about.includes(category));
  return { ask: about.length > 0, about, inForce };
}

/**
 * @param {Answer} stored
 * @param {Days} days
 * @param {number} today
 */
function lapsed(stored, days, today) {
  const age = today - stored.day;
  // One day ahead is a traveller's clock; more is a clock that was wrong when it was stored.
  return age < -1 || age >= (stored.granted.length ? days.granted : days.refused);
}
