/**
 * The browser's own signal: Global Privacy Control (R7).
 *
 * @import { Verdict } from "../types/internal.js"
 */
import { ALL, MARKETING } from "./ask.js";

/** Whether the browser asks that its data be neither sold nor shared. */
export const gpc = () => navigator.globalPrivacyControl === true;

/**
 * What the ask-again rule found, as it stands under the signal: marketing is held off and not
 * asked about. Only a grant made despite the signal, at marketing's own switch, holds.
 *
 * @param {Verdict} verdict
 * @param {boolean} [despite]
 * @returns {Verdict}
 */
export const heed = ([about, inForce], despite) => [
  about & ~MARKETING,
  despite ? inForce : inForce & ~MARKETING,
];

/** What "Accept all" grants: under the signal marketing stays as it is (R7).
 * @param {number} inForce */
export const everything = (inForce) => (gpc() ? (ALL - MARKETING) | inForce : ALL);
