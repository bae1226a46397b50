/**
 * What stays on the device: the choice cookie, and, while a grant's receipt is not stored yet,
 * the receipt in `localStorage`. Both can be blocked; then the choice holds for this page.
 *
 * @import { Receipt, StoredChoice } from "../types/internal.js"
 */
import { expire } from "./clear.js";
import { config } from "./config.js";
import { format, NAME, newest, scope, secondsLeft } from "./cookie.js";

/** The stored choice, in one read of the cookies. */
export const read = () => quietly(() => newest(document.cookie));

/** @param {StoredChoice} choice */
export const write = (choice) =>
  quietly(() => {
    const age = secondsLeft(choice, config.days, Date.now());
    // Under one scope only: an older cookie under another would be a second answer.
    expire(NAME);
    document.cookie = `${NAME}=${format(choice)}; Max-Age=${age}${scope(config.domain, location)}`;
  });

export const forget = () => quietly(() => expire(NAME));

/** @param {Receipt} receipt */
export const keep = (receipt) =>
  quietly(() => localStorage.setItem(NAME, JSON.stringify(receipt)));

export const drop = () => quietly(() => localStorage.removeItem(NAME));

/** The receipt that waits to be stored, if it is the one with this id.
 * @param {string} id
 * @returns {Receipt | null} */
export const kept = (id) =>
  quietly(() => {
    const receipt = JSON.parse(localStorage.getItem(NAME) ?? "null");
    return receipt?.id === id ? receipt : null;
  });

/**
 * @template T
 * @param {() => T} action
 * @returns {T | null}
 */
function quietly(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
