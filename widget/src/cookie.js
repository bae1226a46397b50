/**
 * The choice cookie, byte by byte (see README.md). Pure: text in, text out.
 *
 * `1.<version>.<day>.<bits>.<epochs>[.<id>][.p]`
 *
 * @import { Days, Epochs, StoredChoice } from "../types/internal.js"
 */
import { OPTIONAL } from "./ask.js";
import { lengthen, madeAt, shorten } from "./id.js";

export const NAME = "consent";
export const DAY = 864e5;

const EPOCH = "([0-9a-z]{1,4})";
const SHAPE = new RegExp(
  `^1\\.([0-9a-z]{1,6})\\.${EPOCH}\\.([0-7]|1[2-5])\\.${EPOCH}-${EPOCH}-${EPOCH}` +
    "(?:\\.([\\w-]{22})(\\.p)?)?$",
);
/** Beside 1, 2 and 4 for the categories: marketing was granted despite the browser's signal. */
const DESPITE = 8;

/** A stranger's text to a choice. Total: a choice or null, never an exception.
 * @param {string} value
 * @returns {StoredChoice | null} */
export function parse(value) {
  const match = SHAPE.exec(value);
  if (!match) return null;
  const [version, day, , ...epochs] = match.slice(1, 7).map((digits) => parseInt(digits, 36));
  const bits = Number(match[3]);
  const granted = OPTIONAL.filter((_, index) => bits & (1 << index));
  const id = match[7] ? lengthen(match[7]) : null;
  // An id where nothing is granted, or a grant without one, is not ours (R32).
  if (!id === granted.length > 0) return null;
  const despite = bits >= DESPITE;
  return { version, day, granted, epochs: named(epochs), id, despite, pending: !!match[8] };
}

/** @param {StoredChoice} choice */
export function format(choice) {
  const bits = OPTIONAL.map((name, index) => (choice.granted.includes(name) ? 1 << index : 0));
  const parts = [
    1,
    choice.version.toString(36),
    choice.day.toString(36),
    bits.reduce((sum, bit) => sum + bit, choice.despite ? DESPITE : 0),
    OPTIONAL.map((name) => choice.epochs[name].toString(36)).join("-"),
  ];
  if (choice.id) parts.push(shorten(choice.id));
  if (choice.pending) parts.push("p");
  return parts.join(".");
}

/**
 * The newest readable choice in `document.cookie`: a cookie for the host and one for a parent
 * domain can both be there, and then the browser's order says nothing about their age.
 *
 * @param {string} jar
 */
export function newest(jar) {
  /** @type {StoredChoice | null} */
  let best = null;
  for (const pair of jar.split("; ")) {
    const choice = pair.startsWith(`${NAME}=`) ? parse(pair.slice(NAME.length + 1)) : null;
    if (choice && (!best || choice.day >= best.day)) best = choice;
  }
  return best;
}

/**
 * How many seconds the cookie has left: its whole life at the moment of the choice, less when it
 * is written again, so that no visit ever renews it (R32).
 *
 * @param {StoredChoice} choice
 * @param {Days} days
 * @param {number} now  Unix milliseconds.
 */
export function secondsLeft(choice, days, now) {
  const life = (choice.id ? days.granted : days.refused) * DAY;
  const age = choice.id ? now - madeAt(choice.id) : 0;
  return Math.ceil((life - age) / 1000);
}

/**
 * @param {string} domain  The configured one; it counts only where the page lies in it.
 * @param {{ hostname: string, protocol: string }} page
 */
export function scope(domain, page) {
  const within = domain && `.${page.hostname}`.endsWith(`.${domain}`);
  const secure = page.protocol === "https:" ? "; Secure" : "";
  return `; Path=/; SameSite=Lax${secure}${within ? `; Domain=${domain}` : ""}`;
}

/** @param {number[]} epochs @returns {Epochs} */
const named = ([preferences, statistics, marketing]) => ({ preferences, statistics, marketing });
