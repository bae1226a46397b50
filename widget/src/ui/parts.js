/** What both layers show. */
import { language, origin, site } from "../config.js";
import { safely } from "../safely.js";
import { gpc } from "../signals.js";
import { h } from "./h.js";

/** A link that opens in a tab of its own: the page asked about stays.
 * @param {string} path  At the service.
 * @param {string} text */
export const link = (path, text) =>
  h("a", { href: origin + path, target: "_blank", rel: "noopener" }, text);

/** @param {string} name  One of the site's two documents. @param {string} text */
const toDocument = (name, text) =>
  link(`/policies/${site}/${name}?lang=${language}`, text);

export const toList = () => toDocument("cookies", __list__);
export const toPrivacy = () => toDocument("privacy", __privacy__);

/** A button. All that choose have the one class, and so the one look (R8, R9, R10).
 * @param {string} text
 * @param {() => void} click */
export const button = (text, click) => h("button.b", { onclick: safely(click) }, text);

/** That the browser's signal is honoured, where there is one (R7). */
export const signalled = () => gpc() && h("p.note", __gpc__);
