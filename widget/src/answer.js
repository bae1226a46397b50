/**
 * What a choice is called, and what must be told before it. Pure.
 *
 * @import { Change, Config, Receipt, StoredChoice } from "../types/internal.js"
 */
import { holds, OPTIONAL } from "./ask.js";

/**
 * A choice that denies what was in force is a withdrawal, whatever was pressed.
 *
 * @param {number} before  What was in force.
 * @param {number} granted
 * @returns {Receipt["action"]}
 */
export function actionOf(before, granted) {
  if (before & ~granted) return "withdraw";
  if (!granted) return "reject_all";
  return granted === 7 ? "accept_all" : "custom";
}

/** Which of the three screenshots shows what was seen: the style sheet turns at 40 and 64 em.
 * @param {number} width  CSS pixels.
 * @returns {Receipt["viewport"]} */
export const viewportOf = (width) => (width < 640 ? "narrow" : width < 1024 ? "medium" : "wide");

/** What changed, for this visitor, in the categories asked about.
 * @param {Config["changes"]} changes
 * @param {StoredChoice | null} stored
 * @param {number} about
 * @returns {Change[]} */
export const news = (changes, stored, about) =>
  OPTIONAL.flatMap((category, index) =>
    ((holds(about, category) && changes[category]) || []).filter(
      ({ epoch }) => stored && epoch > stored.epochs[index],
    ),
  );

/** How many others than the controller have a part in what is asked (R14).
 * @param {Pick<Config, "controller" | "declarations">} config */
export const thirdParties = ({ controller, declarations }) =>
  new Set(
    declarations
      .filter(({ category, provider }) => category !== "necessary" && provider !== controller)
      .map(({ provider }) => provider),
  ).size;
