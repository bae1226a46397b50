/**
 * What is in force in this page.
 *
 * @import { Choices, StoredChoice } from "../types/internal.js"
 * @import { ConsentEventName, ConsentState } from "../types/consent.js"
 */
import { holds, mustAsk, OPTIONAL } from "./ask.js";
import { config } from "./config.js";
import { DAY } from "./cookie.js";
import { read } from "./memory.js";
import { gpc, heed } from "./signals.js";

export const state = {
  /** @type {StoredChoice | null} */
  stored: null,
  /** The set of categories to ask about. */
  about: 0,
  /** The set of categories that may run now. */
  inForce: 0,
  /** The id of the receipt made in this page: after a refusal nothing else holds it. */
  made: "",
  /** When the service stored the receipt, as it says. @type {string | undefined} */
  recorded: undefined,
  /** Whether a grant lapsed because its receipt could not be stored. */
  failed: false,
  /** Shows layer one, or puts it away, as the rest of the state says. */
  render() {},
};

export const today = () => Math.floor(Date.now() / DAY);

/** Read the choice again: another tab may have changed it. */
export function look() {
  state.stored = read() ?? state.stored;
  const verdict = mustAsk(state.stored, config.epochs, config.days, today());
  Object.assign(state, gpc() ? heed(verdict, state.stored) : verdict);
}

/** Whether a category is in force. @param {string} category */
export const has = (category) => holds(state.inForce, category);

/** A boolean for every category: never "all", which would cover a later category. */
export const choices = () =>
  /** @type {Choices} */ (
    Object.fromEntries(["necessary", ...OPTIONAL].map((name) => [name, has(name)]))
  );

/** @returns {ConsentState} */
export const get = () => ({
  ...choices(),
  decided: !state.about,
  id: state.stored?.id ?? null,
});

/** Tell the page. @param {ConsentEventName} name */
export const tell = (name) =>
  document.dispatchEvent(new CustomEvent(`consent:${name}`, { detail: get() }));
