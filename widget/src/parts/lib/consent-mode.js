/**
 * Google Consent Mode v2, in the order that Google documents: one `default` before any tag, then
 * an `update` where the stored choice grants something, and one after each change. A tag manager
 * hears of it as the event `consent_update`.
 *
 * @import { Has } from "../../../types/parts.js"
 */
import { CATEGORIES, granted, told, word } from "./granted.js";

/** @param {unknown} entry */
const push = (entry) => (window.dataLayer ??= []).push(entry);

/** A command is an `arguments` object; Google passes over an array.
 * @type {(...command: unknown[]) => void} */
const gtag = function () {
  push(arguments);
};

/** @param {string} command @param {boolean[]} choices @param {object} [more] */
function tell(command, choices, more) {
  const [preferences, statistics, marketing] = [0, 1, 2].map((index) => word(choices[index]));
  gtag("consent", command, {
    ad_storage: marketing,
    ad_user_data: marketing,
    ad_personalization: marketing,
    analytics_storage: statistics,
    functionality_storage: preferences,
    personalization_storage: preferences,
    security_storage: "granted",
    ...more,
  });
}

/**
 * @param {Has} has
 * @param {object} [more]  What else the default says.
 * @param {object} [settings]  What is set with it.
 */
export function consentMode(has, more, settings) {
  /** @param {number} [before]  The set that Google knows of. */
  const update = (before) => {
    const now = granted(has);
    if (now !== before) tell("update", CATEGORIES.map(has));
    if (now || before === undefined)
      push({
        event: "consent_update",
        consent: Object.fromEntries(["necessary", ...CATEGORIES].map((name) => [name, has(name)])),
      });
  };
  const before = told();
  if (before === undefined) {
    tell("default", [], more);
    if (settings) gtag("set", settings);
  }
  update(before ?? 0);
  return () => update();
}
