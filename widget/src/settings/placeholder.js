/**
 * What stands where an embed is held back (R25). It is drawn inside the empty iframe itself, which
 * so keeps the size, the ratio and the styles that the page gave it, and nothing moves when the
 * embed loads.
 */
import { safely } from "../safely.js";
import { button, dress, h } from "./kit.js";
import css from "./settings.css";

/**
 * @param {HTMLIFrameElement} frame
 * @param {string} address  What it is to load.
 * @param {() => void} click
 */
export function placeholder(frame, address, click) {
  const { host } = new URL(address, location.href);
  const providers = __PROVIDERS__;
  const known = Object.keys(providers).find((name) => `.${host}`.endsWith(`.${name}`));
  const who = known ? `${providers[known]} (${host})` : host;
  // Some browsers put a second empty page into a new iframe.
  frame.onload = safely(() => {
    const page = frame.contentDocument;
    if (!page || frame.src || page.body.firstChild) return;
    const view = /** @type {Window & typeof globalThis} */ (page.defaultView);
    dress(page, css, view);
    const told = __held__
      .replace("{name}", () => frame.title || host)
      .replace("{who}", () => who);
    page.body.append(h("main.held", h("p", told), button(__load__, click)));
    page.documentElement.lang = __LANGUAGE__;
  });
  frame.onload(new Event("load"));
}
