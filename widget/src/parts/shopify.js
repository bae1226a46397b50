/**
 * Shopify's Customer Privacy API. It remembers: on a page it is told only where it takes the
 * state for another one than it is.
 */
import { later } from "./lib/later.js";

const FEATURES = [{ name: "consent-tracking-api", version: "0.1" }];

/** @type {import("../../types/parts.js").Part} */
export default (has) => {
  const there = () => window.Shopify?.loadFeatures;
  /** @param {boolean} chosen */
  const tell = (chosen) =>
    window.Shopify.loadFeatures(FEATURES, (/** @type {unknown} */ error) => {
      if (error) return;
      const privacy = window.Shopify.customerPrivacy;
      const consent = {
        analytics: has("statistics"),
        marketing: has("marketing"),
        preferences: has("preferences"),
        sale_of_data: has("marketing"),
      };
      const agreed =
        privacy.analyticsProcessingAllowed() === consent.analytics &&
        privacy.marketingAllowed() === consent.marketing &&
        privacy.preferencesProcessingAllowed() === consent.preferences &&
        privacy.saleOfDataAllowed() === consent.sale_of_data;
      if (chosen || !agreed) privacy.setTrackingConsent(consent, () => {});
    });
  later(there, () => tell(false));
  return () => there() && tell(true);
};
