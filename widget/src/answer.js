/**
 * From what a visitor pressed to what is granted, and what that is called. Pure.
 *
 * @import { Change, Config, Optional, Receipt, StoredChoice, Verdict } from "../types/internal.js"
 */
import { OPTIONAL } from "./ask.js";

/** Layer one's yes: what was asked, beside what is in force. @param {Verdict} verdict */
export const accepted = ({ about, inForce }) =>
  OPTIONAL.filter((category) => about.includes(category) || inForce.includes(category));

/**
 * A choice that denies what was in force is a withdrawal, whatever was pressed.
 *
 * @param {readonly Optional[]} before  What was in force.
 * @param {readonly Optional[]} granted
 * @returns {Receipt["action"]}
 */
export function actionOf(before, granted) {
  if (before.some((category) => !granted.includes(category))) return "withdraw";
  if (!granted.length) return "reject_all";
  return granted.length === OPTIONAL.length ? "accept_all" : "custom";
}

/** A boolean for every category: never "all", which would cover a later category.
 * @param {readonly Optional[]} granted
 * @returns {Receipt["choices"]} */
export function choicesOf(granted) {
  const [preferences, statistics, marketing] = OPTIONAL.map((name) => granted.includes(name));
  return { necessary: true, preferences, statistics, marketing };
}

/** Which of the three screenshots shows what was seen: the style sheet turns at 40 and 64 em.
 * @param {number} width  CSS pixels.
 * @returns {Receipt["viewport"]} */
export function viewportOf(width) {
  if (width < 640) return "narrow";
  return width < 1024 ? "medium" : "wide";
}

/** What changed, for this visitor, in the categories asked about.
 * @param {Config["changes"]} changes
 * @param {StoredChoice | null} stored
 * @param {Verdict} verdict
 * @returns {Change[]} */
export const news = (changes, stored, { about }) =>
  about.flatMap((category) =>
    (changes[category] ?? []).filter((change) => stored && change.epoch > stored.epochs[category]),
  );

/** How many others than the controller have a part in what is asked (R14).
 * @param {Config} config */
export function thirdParties({ controller, declarations }) {
  const optional = declarations.filter(({ category }) => category !== "necessary");
  const others = optional.map(({ provider }) => provider).filter((name) => name !== controller);
  return new Set(others).size;
}
