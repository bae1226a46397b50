/** What changed since the visitor's answer, for layer one. */
import { news as changed } from "../answer.js";
import { h, now } from "./kit.js";

/** As many changes as fit; the rest is one link away. */
const FITTING = 3;

/** @returns {Node[]} */
export function news() {
  const [stored, about] = now();
  const lines = changed(__CHANGES__, stored, about);
  const rest = lines.splice(FITTING).length;
  if (rest) lines.push(__rest__.replace("{count}", `${rest}`));
  return lines.length
    ? [h("p.note", __changed__), h("ul.news", lines.map((line) => h("li", line)))]
    : [];
}
