/** @typedef {Record<string, any>} Properties */
/** @typedef {Node | string | Properties | false | undefined} Part */

/**
 * An element. No markup is ever parsed and no style attribute written, so that a strict
 * Content-Security-Policy and Trusted Types have nothing to object to.
 *
 * @param {string} spec  A tag's name, or `tag.class`.
 * @param {...(Part | Part[])} parts  Children; properties or attributes; or nothing.
 * @returns {HTMLElement}
 */
export function h(spec, ...parts) {
  const [tag, kind] = spec.split(".");
  /** @type {any} */
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  for (const part of /** @type {any[]} */ (parts.flat())) {
    if (typeof part === "string" || part?.nodeType) element.append(part);
    else
      for (const name in part) {
        if (name in element) element[name] = part[name];
        else element.setAttribute(name, part[name]);
      }
  }
  return element;
}
