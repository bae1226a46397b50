import { safely } from "../safely.js";

/** @typedef {Record<string, string | (() => unknown)>} Attributes */
/** @typedef {Node | string | Attributes | false | undefined} Part */

/**
 * An element. No markup is ever parsed and no style attribute written, so that a strict
 * Content-Security-Policy and Trusted Types have nothing to object to.
 *
 * @param {string} spec  A tag's name, or `tag.class`.
 * @param {...(Part | Part[])} parts  Children; attributes, where a function listens; or nothing.
 */
export function h(spec, ...parts) {
  const [tag, kind] = spec.split(".");
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  for (const part of parts.flat()) {
    if (typeof part === "string" || part instanceof Node) element.append(part);
    else for (const name in part || {}) set(element, name, /** @type {Attributes} */ (part)[name]);
  }
  return element;
}

/** @param {HTMLElement} element @param {string} name @param {Attributes[string]} value */
function set(element, name, value) {
  if (typeof value === "string") element.setAttribute(name, value);
  else element.addEventListener(name, safely(value));
}
