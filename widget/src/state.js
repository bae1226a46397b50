/**
 * What is in force in this page.
 *
 * @import { Choices, Receipt, StoredChoice } from "../types/internal.js"
 * @import { ConsentEventName, ConsentState } from "../types/consent.js"
 */
import { CATEGORIES, holds, mustAsk } from "./ask.js";
import { DAY } from "./cookie.js";
import { read } from "./memory.js";
import { gpc, heed } from "./signals.js";

export const version = __VERSION__;

export const categories = __CATEGORIES__;

/** @type {StoredChoice | null} */
export let stored = null;

/** The set of categories to ask about. */
export let about = 0;

/** The set of categories that may run now. */
export let inForce = 0;

/** Whether a grant lapsed because its receipt could not be stored. */
export let failed = false;

/** The receipt made in this page: after a refusal nothing else holds its id.
 * @type {Receipt & { recorded_at?: string } | undefined} */
export let made;

export const today = () => Math.floor(Date.now() / DAY);

/** Another choice stands now, or none. @param {StoredChoice | null} choice @param {Receipt} [by] */
export function stand(choice, by) {
  stored = choice;
  failed = !choice;
  if (by) made = by;
  judge();
}

/** Read the choice again: another tab may have changed it. */
export function look() {
  stored = read() ?? stored;
  judge();
}

function judge() {
  const verdict = mustAsk(stored, __EPOCHS__, __GRANTED_DAYS__, __REFUSED_DAYS__, today());
  [about, inForce] = gpc() ? heed(verdict, stored?.despite) : verdict;
}

/** Whether a category is in force. @param {string} category */
export const has = (category) => holds(inForce, CATEGORIES.indexOf(category));

/** A boolean for every category: never "all", which would cover a later category. */
export const choices = (set = inForce) =>
  /** @type {Choices} */ (
    Object.fromEntries(CATEGORIES.map((name, place) => [name, holds(set, place)]))
  );

/** @returns {ConsentState} */
export const get = () => ({
  ...choices(),
  decided: !about,
  id: stored?.id ?? null,
});

/** Tell the page. @param {ConsentEventName} name */
export const tell = (name) =>
  document.dispatchEvent(new CustomEvent(`consent:${name}`, { detail: get() }));
