/**
 * What is in force in this page.
 *
 * @import { Optional, Receipt, StoredChoice, Verdict } from "../types/internal.js"
 * @import { ConsentEventName, ConsentState } from "../types/consent.js"
 */
import { choicesOf } from "./answer.js";
import { mustAsk, OPTIONAL } from "./ask.js";
import { config } from "./config.js";
import { DAY } from "./cookie.js";
import { read } from "./memory.js";
import { gpc, heed } from "./signals.js";

/**
 * @typedef {object} State
 * @property {StoredChoice | null} stored
 * @property {Verdict} verdict
 * @property {Receipt | null} receipt  The one made in this page: in memory alone.
 * @property {string} [recordedAt]  When the service stored it, as it says.
 * @property {boolean} [failed]  Whether a grant lapsed because its receipt could not be stored.
 * @property {() => void} ask  Shows layer one.
 */

/** @type {State} */
export const state = {
  stored: null,
  verdict: { ask: true, about: OPTIONAL, inForce: [] },
  receipt: null,
  ask() {},
};

/** Read the choice again: another tab may have changed it. */
export function look() {
  state.stored = read() ?? state.stored;
  const today = Math.floor(Date.now() / DAY);
  const verdict = mustAsk(state.stored, config.epochs, config.days, today);
  state.verdict = heed(verdict, state.stored, gpc());
}

/** @param {string} category */
export const has = (category) =>
  category === "necessary" || state.verdict.inForce.includes(/** @type {Optional} */ (category));

/** @returns {ConsentState} */
export const get = () => ({
  ...choicesOf(state.verdict.inForce),
  decided: !state.verdict.ask,
  id: state.stored?.id ?? null,
});

/** Tell the page. Listeners' exceptions stay theirs. @param {ConsentEventName} name */
export const tell = (name) =>
  document.dispatchEvent(new CustomEvent(`consent:${name}`, { detail: get() }));
