/**
 * The choice cookie, byte by byte (see README.md). Pure: text in, text out.
 *
 * `consent=1.<version>.<day>.<bits>.<epochs>[.<id>][.p]`
 *
 * @import { Config, Days, StoredChoice } from "../types/internal.js"
 */
import { MARKETING, OPTIONAL } from "./ask.js";
import { lengthen, madeAt, SHORT } from "./id.js";

export const DAY = 864e5;

/** Beside 1, 2 and 4 for the categories: marketing was granted despite the browser's signal. */
const DESPITE = 8;

const EPOCH = "([\\da-z]{1,4})";
const SHAPE = new RegExp(
  `^(consent=1\\.[\\da-z]{1,6}\\.${EPOCH}\\.([0-7]|1[2-5])\\.${EPOCH}-${EPOCH}-${EPOCH}` +
    `(?:\\.(${SHORT}))?)(\\.p)?$`,
);

/** A stranger's text to a choice. Total: a choice or null, never an exception.
 * @param {string} pair  One name and value of `document.cookie`.
 * @returns {StoredChoice | null} */
export function parse(pair) {
  const match = SHAPE.exec(pair);
  if (!match) return null;
  const [, text, day, bits, ...rest] = match;
  const granted = +bits & 7;
  const [short, p] = rest.slice(3);
  // An id where nothing is granted, or a grant without one, is not ours (R32).
  if (!short === granted > 0 || (p && !short)) return null;
  return {
    text,
    day: parseInt(day, 36),
    granted,
    epochs: rest.slice(0, 3).map((epoch) => parseInt(epoch, 36)),
    id: short ? lengthen(short) : null,
    despite: +bits >= DESPITE,
    pending: !!p,
  };
}

/**
 * A choice made today, as it is stored.
 *
 * @param {Pick<Config, "version" | "epochs">} config
 * @param {number} day
 * @param {number} granted
 * @param {boolean} signal  Whether the browser sends its signal.
 * @param {string} short  The receipt's id; it is written only where something is granted.
 */
export function format({ version, epochs }, day, granted, signal, short) {
  const despite = signal && granted & MARKETING ? DESPITE : 0;
  const answered = OPTIONAL.map((name) => epochs[name].toString(36)).join("-");
  const id = granted ? `.${short}.p` : "";
  const [v, d] = [version.toString(36), day.toString(36)];
  return `consent=1.${v}.${d}.${granted + despite}.${answered}${id}`;
}

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
 * is written again, so that no visit ever renews it (R32).
 *
 * @param {StoredChoice} choice
 * @param {Days} days
 * @param {number} now  Unix milliseconds.
 */
export const secondsLeft = ({ id }, days, now) =>
  Math.ceil((id ? days.granted * DAY + madeAt(id) - now : days.refused * DAY) / 1000);
