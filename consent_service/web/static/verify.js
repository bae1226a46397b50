// @ts-check
/**
 * Checks a receipt on the device that it lies on. Nothing of it is sent: what is fetched is the
 * published keys, and the words by their hash, which everybody gets who was asked under them.
 *
 * The order is that of the service and of `verify.py`: nothing inside a receipt is believed
 * before its signature holds.
 */

const JWS = /^[\w-]+\.[\w-]+\.[\w-]{86}$/;
const OPTIONAL = ["preferences", "statistics", "marketing"];

/** @typedef {{name: string, passed: boolean}} Step */

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} name */
const say = (name) => {
  const template = /** @type {HTMLTemplateElement} */ (at("say"));
  return template.content.querySelector(`[data-say="${name}"]`)?.textContent ?? name;
};

/** @param {string} text */
const bytesOf = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
};

/** @param {ArrayBuffer | Uint8Array<ArrayBuffer>} data */
const base64url = (data) =>
  btoa(String.fromCharCode(...new Uint8Array(data)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** @param {string} part */
const isCanonical = (part) => {
  try {
    const data = bytesOf(part);
    let text = "";
    for (const byte of data) text += String.fromCharCode(byte);
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === part;
  } catch {
    return false;
  }
};

/** @param {string} part */
const read = (part) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(part)));

/**
 * The receipt in what was pasted: as it is, or in an answer of the service.
 * @param {string} text
 */
const tokenIn = (text) => {
  const plain = text.trim();
  if (!plain.startsWith("{")) return plain.replace(/\s+/g, "");
  try {
    return String(JSON.parse(plain).receipt ?? "");
  } catch {
    return "";
  }
};

/**
 * The receipt in a file: text, or an evidence bundle, whose files are not compressed.
 * @param {Uint8Array<ArrayBuffer>} data
 */
const textIn = (data) => {
  const view = new DataView(data.buffer), decoder = new TextDecoder();
  for (let start = 0; start + 30 < data.length && view.getUint32(start, true) === 0x04034b50;) {
    const size = view.getUint32(start + 18, true), length = view.getUint16(start + 26, true);
    const begin = start + 30 + length + view.getUint16(start + 28, true);
    if (decoder.decode(data.subarray(start + 30, start + 30 + length)) === "receipt.jws") {
      return decoder.decode(data.subarray(begin, begin + size));
    }
    start = begin + size;
  }
  return decoder.decode(data);
};

/**
 * @param {{kid?: string, alg?: string, typ?: string}} header
 * @param {string} part
 */
const isHeader = ({ kid, alg }, part) =>
  ["EdDSA", "Ed25519"].includes(alg ?? "") &&
  part === base64url(new TextEncoder().encode(
    `{"alg":"${alg}","kid":"${kid}","typ":"consent-receipt+jwt"}`));

/**
 * Whether the words that the receipt names are on file as it names them.
 * @param {any} claims
 */
const wordsHold = async (claims) => {
  const answer = await fetch(
    `/v1/sites/${encodeURIComponent(claims.site)}/policy/versions/${claims.pol.sha256}`);
  if (!answer.ok) return false;
  const digest = await crypto.subtle.digest("SHA-256", await answer.arrayBuffer());
  return base64url(digest) === claims.pol.sha256;
};

/**
 * Each step until one fails, and what the receipt says if none did.
 * @param {string} token
 * @returns {Promise<{steps: Step[], claims: any}>}
 */
const check = async (token) => {
  /** @type {Step[]} */
  const steps = [];
  /** @param {string} name @param {boolean} passed */
  const step = (name, passed) => { steps.push({ name, passed }); return passed; };
  const [head, payload, signature] = token.split(".");
  const form = JWS.test(token) && [head, payload, signature].every(isCanonical);
  if (!step("form", form && isHeader(read(head), head))) return { steps, claims: null };
  const published = await keys();
  const jwk = published.find((/** @type {JsonWebKey & {kid: string}} */ key) => key.kid === read(head).kid);
  if (!step("key", jwk !== undefined)) return { steps, claims: null };
  const key = await imported(jwk);
  const signed = new TextEncoder().encode(`${head}.${payload}`);
  const holds = await crypto.subtle.verify("Ed25519", key, bytesOf(signature), signed);
  if (!step("signature", holds)) return { steps, claims: null };
  const claims = read(payload);
  step("texts", await wordsHold(claims));
  return { steps, claims };
};

class Unable extends Error {}

const keys = async () => {
  try {
    const answer = await fetch("/.well-known/jwks.json");
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).keys;
  } catch {
    throw new Unable("no_keys");
  }
};

/** @param {JsonWebKey} jwk */
const imported = async ({ kty, crv, x }) => {
  try {
    return await crypto.subtle.importKey("jwk", { kty, crv, x }, "Ed25519", false, ["verify"]);
  } catch {
    throw new Unable("unable");
  }
};

/**
 * @param {string} tag
 * @param {string} text
 * @param {string} [className]
 * @param {Node[]} [children]
 */
const element = (tag, text, className = "", children = []) => {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...(text ? [text] : []), ...children);
  return made;
};

/** @param {Step} step */
const shownStep = ({ name, passed }) => {
  const mark = element("span", passed ? "✓" : "✗", `mark ${passed ? "passed" : "failed"}`);
  mark.setAttribute("aria-hidden", "true");
  return element("li", "", "", [mark, element("div", say(passed ? name : `${name}_bad`))]);
};

/** @param {number} seconds */
const time = (seconds) =>
  new Date(seconds * 1000).toLocaleString(document.documentElement.lang, {
    dateStyle: "long", timeStyle: "long", timeZone: "UTC" });

/** @param {any} claims @param {boolean} wanted */
const categories = (claims, wanted) =>
  new Intl.ListFormat(document.documentElement.lang).format(
    OPTIONAL.filter((name) => claims.cat[name] === wanted).map((name) => say(`category_${name}`)),
  ) || say("nothing");

/** @param {any} claims */
const shownClaims = (claims) => {
  const words = element("a", say("read_words").replace("{number}", claims.pol.v));
  words.setAttribute("href", `/policies/${encodeURIComponent(claims.site)}/cookies?lang=${
    encodeURIComponent(claims.pol.lang)}&version=${claims.pol.v}`);
  /** @type {[string, string | Node][]} */
  const facts = [
    ["choice", say(claims.act)],
    ["granted", categories(claims, true)],
    ["denied", categories(claims, false)],
    ["site", claims.site],
    ["recorded", time(claims.iat)],
    ["until", time(claims.exp_consent)],
    ["words", words],
    ["number", element("code", claims.jti)],
  ];
  return facts.map(([name, value]) =>
    element("div", "", "", [element("dt", say(name)), element("dd", "", "", [
      typeof value === "string" ? document.createTextNode(value) : value])]));
};

/** @param {{steps: Step[], claims: any}} found */
const show = ({ steps, claims }) => {
  const good = steps.every((step) => step.passed);
  const note = element("div", "", `note ${good ? "good" : "bad"}`, [
    element("h2", say(good ? "good" : "bad")), element("p", say(good ? "good_text" : "bad_text"))]);
  const said = claims ? [element("h2", say("said")), element("dl", "", "facts card", shownClaims(claims))] : [];
  at("result").replaceChildren(note, ...said,
    element("h2", say("steps")), element("ol", "", "steps", steps.map(shownStep)));
};

/** @param {string} name */
const refuse = (name) => {
  at("result").replaceChildren(
    element("div", "", "note warn", [element("h2", say("open")), element("p", say(name))]));
};

/** @param {string} text */
const run = async (text) => {
  try {
    show(await check(tokenIn(text)));
  } catch (error) {
    if (error instanceof Unable) refuse(error.message);
    else show({ steps: [{ name: "form", passed: false }], claims: null });
  }
  at("result").focus();
};

/** @param {File | undefined} file */
const take = async (file) => {
  if (!file) return;
  const text = textIn(new Uint8Array(await file.arrayBuffer()));
  /** @type {HTMLTextAreaElement} */ (at("receipt")).value = text.trim();
  await run(text);
};

const form = at("ask");
at("with-script").hidden = false;
at("no-script").remove();
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run(/** @type {HTMLTextAreaElement} */ (at("receipt")).value);
});
at("file").addEventListener("change", (event) => {
  void take(/** @type {HTMLInputElement} */ (event.target).files?.[0]);
});
form.addEventListener("dragover", (event) => event.preventDefault());
form.addEventListener("drop", (event) => {
  event.preventDefault();
  void take(event.dataTransfer?.files[0]);
});
if (!globalThis.crypto?.subtle) refuse("unable");
