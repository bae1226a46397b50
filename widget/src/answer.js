/**
 * What a choice is called, and what must be told before it. Pure.
 *
 * @import { Change, Receipt, StoredChoice } from "../types/internal.js"
 */
import { ALL, holds } from "./ask.js";

/**
 * A choice that denies what was in force is a withdrawal, whatever was pressed.
 *
 * @param {number} before  What was in force.
 * @param {number} granted
 * @returns {Receipt["action"]}
 */
export const actionOf = (before, granted) =>
  before & ~granted
    ? "withdraw"
    : granted
      ? granted < ALL
        ? "custom"
        : "accept_all"
      : "reject_all";

/** Which of the three screenshots shows what was seen: the style sheet turns at 40 and 64 em.
 * @param {number} width  CSS pixels.
 * @returns {Receipt["viewport"]} */
export const viewportOf = (width) => (width < 640 ? "narrow" : width < 1024 ? "medium" : "wide");

/** What changed, for this visitor, in the categories asked about: each line once, though it may
 * concern several.
 * @param {Change[]} changes
 * @param {Pick<StoredChoice, "answered"> | null} stored
 * @param {number} about
 * @returns {string[]} */
export const news = (changes, stored, about) => [
  ...new Set(
    changes
      .filter(([at, epoch]) => stored && holds(about, at) && epoch > stored.answered[at - 1])
      .map(([, , line]) => line),
  ),
];
