/**
 * The browser's own signal: Global Privacy Control (R7).
 *
 * @import { Optional, StoredChoice, Verdict } from "../types/internal.js"
 */

/** Whether the browser asks that its data be neither sold nor shared. */
export const gpc = () => navigator.globalPrivacyControl === true;

/**
 * What the ask-again rule found, as it stands under the signal: marketing is held off and not
 * asked about. Only a grant made despite the signal, at marketing's own switch, holds.
 *
 * @param {Verdict} verdict
 * @param {StoredChoice | null} stored
 * @param {boolean} signal
 * @returns {Verdict}
 */
export function heed(verdict, stored, signal) {
  if (!signal) return verdict;
  const about = verdict.about.filter(notMarketing);
  const inForce = stored?.despite ? verdict.inForce : verdict.inForce.filter(notMarketing);
  return { ask: about.length > 0, about, inForce };
}

/** @param {Optional} category */
const notMarketing = (category) => category !== "marketing";
