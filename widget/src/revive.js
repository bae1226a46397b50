/**
 * Scripts that we start: those of the page that were held, in a new element each, because one that
 * came from innerHTML never runs; and our own other files. A page under Trusted Types must allow
 * our policy for it: `trusted-types consent`.
 */
import { api, tag } from "./config.js";
import { standard } from "./id.js";

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
const trusted = () =>
  ((tag ?? RULES).policy ??= window.trustedTypes?.createPolicy("consent", RULES) ?? RULES);

/**
 * Load another file of ours, with what our own tag was given.
 *
 * @param {string} address  Below that of the site.
 * @param {() => void} failed
 * @param {{}} [more]
 */
export function load(address, failed, more) {
  try {
    const script = Object.assign(document.createElement("script"), { policy: trusted() }, more);
    script.onerror = failed;
    script.nonce = tag?.nonce ?? "";
    script.src = trusted().createScriptURL(api + address);
    document.head.append(script);
  } catch {
    failed();
  }
}

/** Load a file that is named by its hash, and is those bytes or nothing.
 * @param {string} hash @param {() => void} failed @param {{}} core  What it gets from us. */
export const loadExact = (hash, failed, core) =>
  load(`banner/${hash}.js`, failed, {
    core,
    integrity: `sha256-${standard(hash)}=`,
    crossOrigin: "",
  });

/** As it is before automatic blocking asks about every address: what the gate opens may load. */
const { setAttribute } = Element.prototype;

/**
 * Have an element load an address: a script in its turn, unless the page said that it has none.
 *
 * @param {any} element @param {string} name @param {string} address
 */
export function begin(element, name, address) {
  const script = element.localName === "script";
  if (script) element.async = element.hasAttribute("async");
  setAttribute.call(element, name, script ? trusted().createScriptURL(address) : address);
}

/**
 * A script that does what the held one says, ready to be put in its place.
 *
 * @param {HTMLScriptElement} held
 */
export function revive(held) {
  const live = document.createElement("script");
  for (const { name, value } of held.attributes) {
    if (name !== "src") live.setAttribute(name, value);
  }
  if (held.src) live.src = trusted().createScriptURL(held.src);
  else live.text = trusted().createScript(held.text);
  live.type = held.dataset.type ?? "";
  // A page's own scripts cannot read the nonce from the attribute; from the property we can.
  live.nonce = held.nonce;
  live.async = held.hasAttribute("async");
  return live;
}
