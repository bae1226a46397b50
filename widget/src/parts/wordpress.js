/**
 * The WP Consent API. Its type comes first: while it has none, it takes everything as granted. It
 * remembers in cookies of its own, so on a page it is told only where it says otherwise than we.
 */
import { later } from "./lib/later.js";

/** Its categories, each with ours; it has no consent to ask for `functional`. */
const CATEGORIES = [
  ["functional", "necessary"],
  ["preferences", "preferences"],
  ["statistics-anonymous", "statistics"],
  ["statistics", "statistics"],
  ["marketing", "marketing"],
];

/** @type {import("../../types/parts.js").Part} */
export default (has) => {
  window.wp_consent_type = "optin";
  const there = () => window.wp_set_consent && window.wp_has_consent;
  const tell = () => {
    for (const [theirs, ours] of CATEGORIES)
      window.wp_set_consent?.(theirs, has(ours) ? "allow" : "deny");
  };
  later(there, () => {
    document.dispatchEvent(new CustomEvent("wp_consent_type_defined"));
    const agreed = CATEGORIES.slice(1).every(
      ([theirs, ours]) => window.wp_has_consent?.(theirs) === has(ours),
    );
    if (!agreed) tell();
  });
  return () => there() && tell();
};
