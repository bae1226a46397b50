/** The declared items of one category (R37), drawn when they are first looked at. */
import { config, say } from "../config.js";
import { h } from "./h.js";

/** @param {string} category */
export function items(category) {
  const declared = config.declarations.filter((item) => item.category === category);
  const details = h("details", h("summary", say("items", { count: declared.length })));
  details.addEventListener("toggle", () => details.append(...declared.map(item)), { once: true });
  return details;
}

/** @param {typeof config.declarations[number]} declaration */
function item({ name, provider, country, purpose, duration, storage }) {
  const told = {
    name,
    provider: country ? `${provider} (${country})` : provider,
    purpose,
    duration,
    kind: say(storage),
  };
  return h(
    "dl",
    Object.entries(told).flatMap(([key, value]) => [h("dt", say(key)), h("dd", value)]),
  );
}
