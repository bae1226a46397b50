// SPDX-License-Identifier: Apache-2.0
/**
 * What a visitor has granted, read on your own server from the banner's choice cookie.
 *
 *     const { headers } = request;
 *     const consent = read(headers.get("cookie"), version, headers.get("sec-gpc"));
 *     if (consent.statistics) { ... }
 *
 * `version` is the policy that visitors are asked now: the JSON that the consent service answers
 * under /v1/sites/SITE/policy. Keep it for some minutes instead of fetching it for each request.
 *
 * Only what is in force is granted. What is missing, malformed, lapsed, asked anew or held off by
 * the browser's own signal is not. Whatever the cookie holds, nothing is thrown.
 *
 * Node 18 or later, Deno, Bun and edge workers; no dependency. The cookie byte by byte:
 * /help/read-the-cookie.
 */

/**
 * What is in force for this visitor, in the words of `window.consent.get()`.
 * @typedef {object} Consent
 * @property {boolean} preferences
 * @property {boolean} statistics
 * @property {boolean} marketing
 * @property {boolean} decided  Whether everything that is asked today has been answered.
 * @property {string | null} id  The receipt's number; null after a refusal.
 *
 * @typedef {{ granted: number, refused: number }} Days
 * @typedef {{ epochs: Record<string, number>, policy: { days: Days } }} Version
 *
 * @typedef {object} Stored
 * @property {number} day
 * @property {string[]} granted
 * @property {boolean} despite
 * @property {number[]} epochs
 * @property {string | null} id
 * @property {boolean} pending
 */

const CATEGORIES = ["preferences", "statistics", "marketing"];
const DAY = 86_400_000;

const EPOCH = "([0-9a-z]{1,4})";
// A UUIDv7 in base64url: version and variant are at fixed places.
const ID = "[A-Za-z0-9_-]{8}[c-f][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]";
const SHAPE = new RegExp(
  `^consent=1\\.[0-9a-z]{1,6}\\.${EPOCH}\\.([0-7]|1[2-5])\\.${EPOCH}-${EPOCH}-${EPOCH}` +
    `(?:\\.(${ID}))?(\\.p)?$`,
);

/**
 * The consent that a request carries.
 *
 * @param {string | null | undefined} cookies  The header `Cookie`.
 * @param {Version} version
 * @param {string | null} [secGpc]  The header `Sec-GPC`.
 * @param {number} [now]  Unix milliseconds.
 * @returns {Consent}
 */
export function read(cookies, version, secGpc, now = Date.now()) {
  const stored = newest(cookies ?? "");
  const none = { preferences: false, statistics: false, marketing: false };
  if (!stored || !stands(stored, version.policy.days, now)) {
    return { ...none, decided: false, id: null };
  }
  /** @param {string} name */
  const risen = (name) => version.epochs[name] > stored.epochs[CATEGORIES.indexOf(name)];
  // Under the signal marketing is not asked about, and holds only where its own switch was used.
  const signal = secGpc === "1";
  const asked = stored.granted.filter((name) => risen(name) && !(signal && name === "marketing"));
  const inForce = stored.granted.filter(
    (name) => !risen(name) && !(signal && name === "marketing" && !stored.despite),
  );
  const granted = Object.fromEntries(inForce.map((name) => [name, true]));
  return { ...none, ...granted, decided: !asked.length, id: stored.id };
}

/** A cookie of the host and one of a parent domain can both be there: the newest counts.
 * @param {string} cookies */
function newest(cookies) {
  /** @type {Stored | null} */
  let best = null;
  for (const choice of cookies.split("; ").map(parse)) {
    if (choice && !(best && best.day > choice.day)) best = choice;
  }
  return best;
}

/** @param {string} pair @returns {Stored | null} */
function parse(pair) {
  const match = SHAPE.exec(pair);
  if (!match) return null;
  const [day, bits, ...rest] = match.slice(1);
  const [short, p] = rest.splice(3);
  // A number where nothing is granted, or a grant without one, is not of the banner's making.
  if (!short === (Number(bits) & 7) > 0 || (p && !short)) return null;
  return {
    day: parseInt(day, 36),
    granted: CATEGORIES.filter((_, place) => (Number(bits) >> place) & 1),
    despite: Number(bits) >= 8,
    epochs: rest.map((epoch) => parseInt(epoch, 36)),
    id: short ? uuid(short) : null,
    pending: Boolean(p),
  };
}

/** @param {string} short */
function uuid(short) {
  const raw = atob(short.replaceAll("-", "+").replaceAll("_", "/"));
  const hex = Array.from(raw, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * Whether a choice has not lapsed, and a grant without a stored receipt is not a day old.
 *
 * @param {Stored} stored
 * @param {Days} days
 * @param {number} now
 */
function stands({ day, granted, id, pending }, days, now) {
  if (id && pending && now - parseInt(id.replace("-", "").slice(0, 12), 16) >= DAY) return false;
  // One day ahead is a traveller's clock; more is one that was wrong.
  const age = Math.floor(now / DAY) - day;
  return age >= -1 && age < (granted.length ? days.granted : days.refused);
}
