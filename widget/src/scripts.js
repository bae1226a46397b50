/**
 * Making a held script run. A page under Trusted Types that holds scripts back must allow our
 * policy: `trusted-types consent`.
 */

/** @param {string} text */
const same = (text) => text;
const AS_IS = { createScript: same, createScriptURL: same };

/** @type {typeof AS_IS | undefined} */
let policy;

/** The policy passes on what already stands in the page's own markup, and nothing else. */
export const trusted = () =>
  (policy ??= window.trustedTypes?.createPolicy("consent", AS_IS) ?? AS_IS);

/**
 * A script that does what the held one says, ready to be put in its place.
 *
 * @param {HTMLScriptElement} held
 * @returns {HTMLScriptElement}
 */
export function revive(held) {
  try {
    return copy(held);
  } catch {
    // Without the policy the element itself is used: it runs when it is put back, except where
    // it came from innerHTML, which marks scripts as done.
    held.type = held.dataset.type ?? "";
    held.async = held.hasAttribute("async");
    return held;
  }
}

/** @param {HTMLScriptElement} held */
function copy(held) {
  const live = document.createElement("script");
  for (const { name, value } of held.attributes) {
    if (name === "src") live.src = trusted().createScriptURL(value);
    else if (!/^(type|data-type|data-consent|nonce)$/.test(name)) live.setAttribute(name, value);
  }
  live.type = held.dataset.type ?? "";
  // A page's own scripts cannot read the nonce from the attribute; from the property we can.
  live.nonce = held.nonce;
  live.text = trusted().createScript(held.text);
  live.async = held.hasAttribute("async");
  return live;
}
