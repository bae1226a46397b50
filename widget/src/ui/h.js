import { safely } from "../safely.js";

/**
 * An element. No markup is ever parsed and no style attribute written, so that a strict
 * Content-Security-Policy and Trusted Types have nothing to object to.
 *
 * @param {string} tag
 * @param {Record<string, string | number | boolean | undefined | ((event: Event) => void)>} [attributes]
 *   `true` sets an empty attribute, `false` and `undefined` none, a function listens.
 * @param {...(Node | string)} children
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), safely(value));
    else if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children);
  return element;
}
