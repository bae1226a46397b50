/** Matomo: tracks nothing until it is told that consent is given, on every page. */

/** @param {string} command */
const tell = (command) => (window._paq ??= []).push([command]);

/** @type {import("../../types/parts.js").Part} */
export default (has) => {
  tell("requireConsent");
  if (has("statistics")) tell("setConsentGiven");
  return () => void tell(has("statistics") ? "setConsentGiven" : "forgetConsentGiven");
};
