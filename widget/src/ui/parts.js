/**
 * What both layers show.
 *
 * @import { Optional } from "../../types/internal.js"
 */
import { at, config, say } from "../config.js";
import { gpc } from "../signals.js";
import { h } from "./h.js";

/** A link to a page of the service, in a tab of its own: the page asked about stays.
 * @param {"cookies" | "privacy" | "verify"} page
 * @param {string} key  Its text. */
export const link = (page, key) =>
  h("a", { href: at(config.links[page]), target: "_blank", rel: "noopener" }, say(key));

/** A button. All that choose have the one class, and so the one look (R8, R9, R10).
 * @param {string} key  Its text.
 * @param {() => void} onclick */
export const button = (key, onclick) => h("button", { class: "b", type: "button", onclick }, say(key));

/** That the browser's signal is honoured, where there is one (R7). */
export const signalled = () => (gpc() ? [h("p", { class: "note" }, say("gpc"))] : []);

/** What a category is called. @param {Optional | "necessary"} id */
export const titleOf = (id) => config.categories.find((category) => category.id === id)?.title ?? id;
