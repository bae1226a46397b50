/** The declared items of one category (R37), drawn when they are first looked at. */
import { config, say } from "../config.js";
import { h } from "./h.js";

/** @param {string} category */
export function items(category) {
  const declared = config.declarations.filter((item) => item.category === category);
  const count = declared.length;
  if (!count) return h("p", { class: "none" }, say("none"));
  const details = h("details", {}, h("summary", {}, say("items", { count })));
  const draw = () => details.append(...declared.map(item));
  details.addEventListener("toggle", draw, { once: true });
  return details;
}

/** @param {typeof config.declarations[number]} declaration */
function item({ name, provider, country, purpose, duration, storage }) {
  const pairs = [
    ["name", name],
    ["provider", country ? `${provider} (${country})` : provider],
    ["purpose", purpose],
    ["duration", duration],
    ["kind", say(storage)],
  ];
  return h("dl", {}, ...pairs.flatMap(([key, value]) => [h("dt", {}, say(key)), h("dd", {}, value)]));
}
