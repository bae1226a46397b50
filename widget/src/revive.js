/**
 * Making a held script run: a new element, because one that came from innerHTML never runs. A
 * page under Trusted Types must allow our policy for it: `trusted-types consent`.
 */
import { tag } from "./config.js";

/** @param {string} text */
const same = (text) => text;

/** @type {{ createScript: typeof same, createScriptURL: typeof same, policy?: any }} */
const RULES = { createScript: same, createScriptURL: same };

/**
 * It passes on what already stands in the page's own markup, and the service's own address. A
 * page allows a name once: the policy lies on our tag, where the file in another language that
 * this one loads is given it.
 *
 * @returns {typeof RULES}
 */
export const trusted = () =>
  ((tag ?? RULES).policy ??= window.trustedTypes?.createPolicy("consent", RULES) ?? RULES);

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
