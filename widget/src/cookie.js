/**
 * The choice cookie, byte by byte (see README.md). Pure: text in, text out.
 *
 * `consent=1.<version>.<day>.<bits>.<epochs>[.<id>][.p]`
 *
 * @import { StoredChoice } from "../types/internal.js"
 */
import { MARKETING } from "./ask.js";
import { lengthen, madeAt } from "./id.js";

export const DAY = 864e5;

/** Beside 1, 2 and 4 for the categories: marketing was granted despite the browser's signal. */
const DESPITE = 8;

/** The id is the base64url of a UUIDv7 in its only spelling: version and variant have their
 * places in it. */
const SHAPE =
  /^(consent=1\.([\da-z]{1,6})\.([\da-z]{1,4})\.([0-7]|1[2-5])\.([\da-z]{1,4}(?:-[\da-z]{1,4}){2})(\.[\w-]{8}[c-f][\w-][CGKOSWaeimquy26-][\w-]{10}[AQgw])?)(\.p)?$/;

/** @param {string} digits */
const number = (digits) => parseInt(digits, 36);

/** A stranger's text to a choice. Total: a choice or null, never an exception.
 * @param {string} pair  One name and value of `document.cookie`.
 * @returns {StoredChoice | null} */
export function parse(pair) {
  // The expression is large: where there is none of ours it is never compiled.
  if (!pair.startsWith("consent=")) return null;
  const match = SHAPE.exec(pair);
  if (!match) return null;
  const [, written, version, day, bits, epochs, short, pending] = match;
  const granted = +bits & 7;
  // An id where nothing is granted, or a grant without one, is not ours (R32).
  if (!short !== !granted || (pending && !short)) return null;
  return {
    written,
    version: number(version),
    day: number(day),
    granted,
    answered: epochs.split("-").map(number),
    id: short ? lengthen(short.slice(1)) : null,
    despite: +bits >= DESPITE,
    pending: !!pending,
  };
}

/**
 * A choice made today, as it is stored.
 *
 * @param {number} version
 * @param {number[]} epochs
 * @param {number} day
 * @param {number} granted
 * @param {boolean} signal  Whether the browser sends its signal.
 * @param {string} short  The receipt's id; it is written only where something is granted.
 */
export const format = (version, epochs, day, granted, signal, short) =>
  `consent=1.${version.toString(36)}.${day.toString(36)}.` +
  `${granted + (signal && granted & MARKETING ? DESPITE : 0)}.` +
  epochs.map((epoch) => epoch.toString(36)).join("-") +
  (granted ? `.${short}.p` : "");

/**
 * The newest readable choice in `document.cookie`: a cookie for the host and one for a parent
 * domain can both be there, and then the browser's order says nothing about their age.
 *
 * @param {string} jar
 */
export const newest = (jar) =>
  jar
    .split("; ")
    .map(parse)
    .reduce((best, choice) => (choice && !(best && best.day > choice.day) ? choice : best), null);

/**
 * How many seconds the cookie has left: its whole life at the moment of the choice, less when it
 * is written again, so that no visit ever renews it (R32). A refusal knows its day alone.
 *
 * @param {StoredChoice} choice
 * @param {number} days  How long it stands.
 * @param {number} now  Unix milliseconds.
 */
export const secondsLeft = ({ id, day }, days, now) =>
  Math.ceil(((id ? madeAt(id) : day * DAY) + days * DAY - now) / 1000);
