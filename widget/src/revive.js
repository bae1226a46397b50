/**
 * Making a held script run: a new element, because one that came from innerHTML never runs. A
 * page under Trusted Types must allow our policy for it: `trusted-types consent`.
 */

/** @param {string} text */
const same = (text) => text;

/** @type {{ createScript(text: string): string, createScriptURL(url: string): string }} */
let policy;

/** It passes on what already stands in the page's own markup, and the service's own address. */
export const trusted = () => {
  const rules = { createScript: same, createScriptURL: same };
  return (policy ??= window.trustedTypes?.createPolicy("consent", rules) ?? rules);
};

/**
 * A script that does what the held one says, ready to be put in its place.
 *
 * @param {HTMLScriptElement} held
 */
export function revive(held) {
  const live = document.createElement("script");
  for (const { name, value } of held.attributes) {
    if (!/^(type|src|data-consent)$/.test(name)) live.setAttribute(name, value);
  }
  if (held.src) live.src = trusted().createScriptURL(held.src);
  else live.text = trusted().createScript(held.text);
  live.type = held.dataset.type ?? "";
  // A page's own scripts cannot read the nonce from the attribute; from the property we can.
  live.nonce = held.nonce;
  live.async = held.hasAttribute("async");
  return live;
}
