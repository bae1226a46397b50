/** PostHog. Being opted in on each page is no event of the visitor's. */
import { vendor } from "./lib/vendor.js";

/** @type {import("../../types/parts.js").Part} */
export default (has) =>
  vendor("posthog", (posthog) => {
    const method = `opt_${has("statistics") ? "in" : "out"}_capturing`;
    const options = { captureEventName: false };
    if (posthog[method]) posthog[method](options);
    // Before the snippet has made its methods, what stands in its queue is called first.
    else posthog.push([method, options]);
  });
