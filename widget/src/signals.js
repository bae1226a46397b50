/**
 * The browser's own signal: Global Privacy Control (R7).
 *
 * @import { StoredChoice, Verdict } from "../types/internal.js"
 */
import { MARKETING } from "./ask.js";

/** Whether the browser asks that its data be neither sold nor shared. */
export const gpc = () => navigator.globalPrivacyControl === true;

/**
 * What the ask-again rule found, as it stands under the signal: marketing is held off and not
 * asked about. Only a grant made despite the signal, at marketing's own switch, holds.
 *
 * @param {Verdict} verdict
 * @param {StoredChoice | null} stored
 * @returns {Verdict}
 */
export const heed = ({ about, inForce }, stored) => ({
  about: about & ~MARKETING,
  inForce: stored?.despite ? inForce : inForce & ~MARKETING,
});
