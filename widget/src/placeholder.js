/**
 * What stands where an embed is held back (R25). It is drawn inside the empty iframe itself, which
 * so keeps the size, the ratio and the styles that the page gave it, and nothing moves when the
 * embed loads.
 */
import { config, say } from "./config.js";
import { safely } from "./safely.js";
import { h } from "./ui/h.js";
import css from "./ui/style.css";

/**
 * @param {HTMLElement} frame
 * @param {HTMLElement} owner  What is marked: the iframe, or the template that holds it.
 * @param {(owner: HTMLElement) => void} load
 */
export function placeholder(frame, owner, load) {
  if (!(frame instanceof HTMLIFrameElement)) return;
  const show = safely(() => {
    const page = frame.contentDocument;
    if (!page || frame.src || page.body.firstChild) return;
    const view = /** @type {Window & typeof globalThis} */ (page.defaultView);
    const sheet = new view.CSSStyleSheet();
    sheet.replaceSync(css);
    page.adoptedStyleSheets = [sheet];
    page.documentElement.lang = config.language;
    page.documentElement.dir = config.direction;
    page.body.append(notice(frame, () => load(owner)));
  });
  show();
  // Some browsers put a second empty page into a new iframe.
  frame.onload = show;
}

/**
 * The empty iframe that stands for the one in a template.
 *
 * @param {DocumentFragment} content
 */
export function standIn(content) {
  const parts = document.createDocumentFragment();
  const frame = /** @type {HTMLIFrameElement | undefined} */ (
    content.querySelector("iframe")?.cloneNode()
  );
  if (!frame) return parts;
  frame.dataset.consentSrc ??= frame.getAttribute("src") ?? "";
  for (const name of ["src", "srcdoc", "sandbox", "data-consent"]) frame.removeAttribute(name);
  parts.append(frame);
  return parts;
}

/** @param {HTMLIFrameElement} frame @param {() => void} load */
function notice(frame, load) {
  const { host } = new URL(frame.dataset.consentSrc ?? "", location.href);
  const provider = config.declarations.find(({ hosts }) =>
    hosts.some((known) => `.${host}`.endsWith(`.${known}`)),
  )?.provider;
  const who = provider ? `${provider} (${host})` : host;
  return h(
    "div",
    { class: "held" },
    h("p", {}, say("held", { name: frame.title || host, who })),
    h("button", { class: "b", onclick: load }, say("load")),
  );
}
