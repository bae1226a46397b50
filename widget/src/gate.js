/**
 * Marked tags: held until their categories are in force, put back when they no longer are (R1,
 * R2, R24, R25). In document order, each once.
 *
 * - `<script type="text/plain" data-consent="statistics">` runs;
 * - `<template data-consent="statistics">` has its content put after it;
 * - `<iframe|img|video|link ... data-consent="marketing" data-consent-src="...">` gets its address;
 *   so does a script that automatic blocking marked.
 *
 * `data-consent` may name several categories: all of them must be in force.
 */
import { withSettings } from "./open.js";
import { safely } from "./safely.js";
import { begin, revive } from "./revive.js";
import { has } from "./state.js";

const MARKED = "[data-consent],[data-consent-declaration]";

/** Embeds that the visitor loaded one by one: for this page view, until the next choice.
 * @type {Set<Element>} */
const single = new Set();

/** What the scripts that ran had asked for. @type {Set<string>} */
const ran = new Set();

/** The last script that must run before what comes after it.
 * @type {HTMLScriptElement | null} */
let tail = null;

/** @param {string} categories */
const allowed = (categories) => categories.split(" ").every(has);

/** Whether a script runs that may not any more. */
export const outdated = () => ![...ran].every(allowed);

/** After a choice: the embeds that were loaded one by one are judged like all others. */
export function apply() {
  single.clear();
  scan();
}

/** Bring every marked element to the state that it should be in. */
export function scan() {
  for (const element of document.querySelectorAll(MARKED)) {
    // The parser may still be inside this one, and everything after it comes later.
    if (document.readyState === "loading" && !closed(element)) return;
    visit(element);
  }
}

/** Who is shown what is inserted, before we look at it. @type {((node: Node) => void)[]} */
export const lookers = [];

/** Look at what is inserted later, by the parser or by anybody. @param {() => void} also */
export function watch(also) {
  new MutationObserver((records) => {
    const nodes = records.flatMap((record) => [...record.addedNodes]);
    lookers.forEach((look) => nodes.forEach(safely(look)));
    if (nodes.some(marked)) scan();
    also();
  }).observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", scan);
}

/** @param {any} node */
const marked = (node) => node.matches?.(MARKED) || node.querySelector?.(MARKED);

/** @param {Node | null} node @returns {boolean} */
const closed = (node) => !!node && (!!node.nextSibling || closed(node.parentNode));

const visit = safely((/** @type {any} */ element) => {
  // A script that was taken meanwhile has no categories any more, and so is not open.
  const { consent = "", consentSrc, consentDeclaration } = element.dataset;
  const open = allowed(consent) || single.has(element);
  if (consentDeclaration != null) withSettings(({ declare }) => declare(element));
  else if (element.type === "text/plain") {
    // What would be held again when it is put in place is not: that would never end.
    if (open && element.dataset.type !== element.type) run(element, consent);
  } else if (element.content) unfold(element, open);
  else if (consentSrc) load(element, open, consentSrc, consent);
});

/** @param {HTMLScriptElement} script @param {string} categories */
function run(script, categories) {
  const live = revive(script);
  const start = () => {
    if (!allowed(categories)) return;
    ran.add(categories);
    script.replaceWith(live);
  };
  // Taken: it is not to be found a second time while it waits for its turn.
  script.removeAttribute("data-consent");
  if (live.src || live.type) {
    start();
    // An inline module tells nobody when it is done: nothing can wait for it.
    if (live.src && !live.async) follow(live);
  } else if (tail) after(tail, start);
  else start();
}

/** Have the inline scripts that come after wait for this one. @param {HTMLScriptElement} live */
function follow(live) {
  tail = live;
  after(live, () => {
    if (tail === live) tail = null;
  });
}

/** @param {HTMLScriptElement} script @param {() => void} action */
function after(script, action) {
  script.addEventListener("load", action);
  script.addEventListener("error", action);
}

/** @param {any} template  What was put after it stands on it. @param {boolean} open */
function unfold(template, open) {
  if (open === !!template.consent) return;
  template.consent = template.consent?.forEach((/** @type {ChildNode} */ node) => node.remove());
  if (!open) return;
  const copy = template.content.cloneNode(true);
  // Its scripts wait for the gate like all others, so that they run in order.
  for (const script of copy.querySelectorAll("script")) {
    // It is held by its own mark, or is data and no script.
    if (script.type === "text/plain") continue;
    script.dataset.type = script.type;
    script.dataset.consent ??= template.dataset.consent;
    script.type = "text/plain";
  }
  template.consent = [...copy.childNodes];
  template.after(copy);
  scan();
}

/** @param {any} element @param {boolean} open @param {string} address @param {string} categories */
function load(element, open, address, categories) {
  const { localName } = element;
  const name = localName === "link" ? "href" : "src";
  const loaded = element.hasAttribute(name);
  if (open) {
    if (localName === "script") ran.add(categories);
    if (!loaded) begin(element, name, address);
    return;
  }
  element.removeAttribute(name);
  if (localName !== "iframe") return;
  // An iframe keeps its page when it loses its address; taken out and put back, it does not.
  if (loaded) element.replaceWith(element);
  withSettings(({ hold }) =>
    hold(element, address, () => {
      single.add(element);
      visit(element);
    }),
  );
}
