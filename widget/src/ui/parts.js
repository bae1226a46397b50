/** What both layers show. */
import { config, say, source } from "../config.js";
import { gpc } from "../signals.js";
import { h } from "./h.js";

/** A link that opens in a tab of its own: the page asked about stays.
 * @param {string} href
 * @param {string} key  Its text. */
export const link = (href, key) =>
  h("a", { href: new URL(href, source).href, target: "_blank", rel: "noopener" }, say(key));

export const toList = () => link(config.links.cookies, "list");
export const toPrivacy = () => link(config.links.privacy, "privacy");

/** A button. All that choose have the one class, and so the one look (R8, R9, R10).
 * @param {string} key  Its text.
 * @param {() => void} click */
export const button = (key, click) => h("button.b", { click }, say(key));

/** That the browser's signal is honoured, where there is one (R7). */
export const signalled = () => gpc() && h("p.note", say("gpc"));
