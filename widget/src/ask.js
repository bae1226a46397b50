/**
 * The ask-again rule (R29, R30, R31). Pure. The service has the same rule in Python; both run
 * from `tests/vectors/reconsent.json`.
 *
 * A set of categories is a number, as in the choice cookie: preferences 1, statistics 2,
 * marketing 4.
 *
 * @import { Answer, Verdict } from "../types/internal.js"
 */

/** In the order of the product. */
export const CATEGORIES = ["necessary", "preferences", "statistics", "marketing"];

export const MARKETING = 4;
export const ALL = 7;

/** Whether a set holds the category at that place; the necessary one is in every set, an unknown
 * one (at -1) in none.
 * @param {number} set
 * @param {number} place */
export const holds = (set, place) => !!(((set * 2 + 1) >> place) & 1);

/**
 * About what the visitor must be asked, and what may run until then.
 *
 * Ask if and only if there is no stored choice, or it has lapsed, or for some category that the
 * visitor granted the current epoch is above the answered one.
 *
 * @param {Answer | null} stored
 * @param {number[]} epochs  Of the optional categories, in the order of the product.
 * @param {number} grantedDays  How long a grant stands.
 * @param {number} refusedDays
 * @param {number} today  Days since 1970-01-01, UTC.
 * @returns {Verdict}
 */
export function mustAsk(stored, epochs, grantedDays, refusedDays, today) {
  // One day ahead is a traveller's clock; more is a clock that was wrong when it was stored.
  if (!stored || stored.day > today + 1) return [ALL, 0];
  const { day, granted, answered } = stored;
  if (today - day >= (granted ? grantedDays : refusedDays)) return [ALL, 0];
  const risen = epochs.reduce((set, epoch, at) => set | (+(epoch > answered[at]) << at), 0);
  return [granted & risen, granted & ~risen];
}
