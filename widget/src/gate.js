/**
 * Marked tags: held until their categories are in force, put back when they no longer are (R1,
 * R2, R24, R25). In document order, each once.
 *
 * - `<script type="text/plain" data-consent="statistics">` runs;
 * - `<template data-consent="statistics">` has its content put after it;
 * - `<iframe|img|video|link ... data-consent="marketing" data-consent-src="...">` gets its address.
 *
 * `data-consent` may name several categories: all of them must be in force.
 */
import { placeholder, standIn } from "./placeholder.js";
import { revive } from "./scripts.js";
import { has } from "./state.js";

const MARKED = "[data-consent]";

/** Embeds that the visitor loaded one by one: for this page view, until the next choice. */
let single = new WeakSet();

/** What a template was replaced by. @type {WeakMap<Element, { nodes: ChildNode[], open: boolean }>} */
const unfolded = new WeakMap();

/** What each script that ran had asked for. @type {string[]} */
const ran = [];

/** The last script that must run before what comes after it. @type {HTMLScriptElement | null} */
let tail = null;

/** @param {string | undefined} categories */
const allowed = (categories) => !!categories && categories.trim().split(/\s+/).every(has);

/** Whether a script runs that may not any more. */
export const outdated = () => !ran.every(allowed);

/** After a choice: the embeds that were loaded one by one are judged like all others. */
export function apply() {
  single = new WeakSet();
  scan();
}

/** Bring every marked element to the state that it should be in. */
export function scan() {
  for (const element of document.querySelectorAll(MARKED)) {
    // The parser may still be inside this one, and everything after it comes later.
    if (document.readyState === "loading" && !closed(element)) return;
    visit(/** @type {HTMLElement} */ (element));
  }
}

/** Look at what is inserted later, by the parser or by anybody. @param {() => void} also */
export function watch(also) {
  new MutationObserver((records) => {
    if (records.some(({ addedNodes }) => [...addedNodes].some(marked))) scan();
    also();
  }).observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", scan);
}

/** @param {Node} node */
const marked = (node) =>
  node instanceof Element && (node.matches(MARKED) || node.querySelector(MARKED));

/** @param {Element} element */
function closed(element) {
  /** @type {Node | null} */
  let node = element;
  while (node && !node.nextSibling) node = node.parentNode;
  return !!node;
}

/** @param {HTMLElement} element */
function visit(element) {
  const open = allowed(element.dataset.consent) || single.has(element);
  if (element instanceof HTMLScriptElement) {
    if (open && element.type === "text/plain") run(element);
  } else if (element instanceof HTMLTemplateElement) {
    if (unfolded.get(element)?.open !== open) unfold(element, open);
  } else if (element.dataset.consentSrc) {
    load(/** @type {HTMLIFrameElement} */ (element), open);
  }
}

/** @param {HTMLScriptElement} script */
function run(script) {
  const categories = script.dataset.consent ?? "";
  const live = revive(script);
  // Taken: it is not to be found a second time while it waits for its turn.
  script.removeAttribute("data-consent");
  const start = () => {
    if (!allowed(categories) && !single.has(script)) return;
    ran.push(categories);
    script.replaceWith(live);
  };
  if (!live.src && live.type !== "module") {
    if (tail) after(tail, start);
    else start();
    return;
  }
  start();
  if (!live.async) follow(live);
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

/** @param {HTMLTemplateElement} template @param {boolean} open */
function unfold(template, open) {
  unfolded.get(template)?.nodes.forEach((node) => node.remove());
  const content = open ? contentOf(template) : standIn(template.content);
  const nodes = [...content.childNodes];
  unfolded.set(template, { nodes, open });
  template.after(content);
  if (open) return scan();
  for (const node of nodes) placeholder(/** @type {HTMLIFrameElement} */ (node), template, once);
}

/** A copy whose scripts wait for the gate, so that they run in order.
 * @param {HTMLTemplateElement} template */
function contentOf(template) {
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  for (const script of copy.querySelectorAll("script")) {
    if (script.dataset.consent) continue;
    if (script.type) script.dataset.type = script.type;
    script.type = "text/plain";
    script.dataset.consent = template.dataset.consent;
    if (single.has(template)) single.add(script);
  }
  return copy;
}

/** @param {HTMLIFrameElement} element @param {boolean} open */
function load(element, open) {
  const name = element.tagName === "LINK" ? "href" : "src";
  const loaded = element.hasAttribute(name);
  if (open) {
    if (!loaded) element.setAttribute(name, element.dataset.consentSrc ?? "");
    return;
  }
  if (loaded) {
    element.removeAttribute(name);
    // An iframe keeps its page when it loses its address; taken out and put back, it does not.
    if (element.tagName === "IFRAME") element.replaceWith(element);
  }
  placeholder(element, element, once);
}

/** Load one embed, and nothing else (R25). @param {HTMLElement} element */
function once(element) {
  single.add(element);
  visit(element);
}
