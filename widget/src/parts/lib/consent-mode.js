/**
 * Google Consent Mode v2, in the order that Google documents: one `default` before any tag, then
 * an `update` where the stored choice grants something, and one after each change. A tag manager
 * hears of it as the event `consent_update`.
 *
 * @import { PartConfig } from "../../../types/parts.js"
 */
import { told, word } from "./granted.js";

/** @param {unknown} entry */
const push = (entry) => (window.dataLayer ??= []).push(entry);

/** A command is an `arguments` object; Google passes over an array.
 * @type {(...command: unknown[]) => void} */
const gtag = function () {
  push(arguments);
};

/** @param {string} command @param {Record<string, boolean>} choices @param {object} [more] */
function tell(command, { preferences, statistics, marketing }, more) {
  const ad_storage = word(marketing);
  const functionality_storage = word(preferences);
  gtag("consent", command, {
    ad_storage,
    ad_user_data: ad_storage,
    ad_personalization: ad_storage,
    analytics_storage: word(statistics),
    functionality_storage,
    personalization_storage: functionality_storage,
    security_storage: "granted",
    ...more,
  });
}

/**
 * @param {PartConfig} config
 * @param {object} [more]  What else the default says.
 * @param {object} [settings]  What is set with it.
 */
export function consentMode({ now }, more, settings) {
  /** @param {number} [before]  The set that Google knows of. */
  const update = (before) => {
    const [set, consent] = now();
    if (set !== before) tell("update", consent);
    if (set || before === undefined) push({ event: "consent_update", consent });
  };
  const before = told();
  if (before === undefined) {
    tell("default", {}, more);
    if (settings) gtag("set", settings);
  }
  update(before ?? 0);
  return () => update();
}
