/** @typedef {Record<string, any>} Properties */
/** @typedef {Node | string | Properties | false | undefined} Part */

/**
 * An element. No markup is ever parsed and no style attribute written, so that a strict
 * Content-Security-Policy and Trusted Types have nothing to object to.
 *
 * @param {string} spec  A tag's name, or `tag.class`.
 * @param {...(Part | Part[])} parts  Children; properties or attributes; or nothing.
 */
export function h(spec, ...parts) {
  const [tag, kind] = spec.split(".");
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  for (const part of parts.flat()) {
    if (typeof part === "string" || part instanceof Node) element.append(part);
    else for (const name in part || {}) set(element, name, /** @type {Properties} */ (part)[name]);
  }
  return element;
}

/** @param {any} element @param {string} name @param {any} value */
function set(element, name, value) {
  if (name in element) element[name] = value;
  else element.setAttribute(name, value);
}
