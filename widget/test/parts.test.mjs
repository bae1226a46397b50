/**
 * The built parts as pieces that the service puts together, and the inline stub held to the
 * banner's own rules.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { mustAsk } from "../src/ask.js";
import { DAY, format, newest } from "../src/cookie.js";
import { uuid7 } from "../src/id.js";
import { heed } from "../src/signals.js";
import { part, PARTS, stub } from "./built.mjs";

for (const name of PARTS) {
  test(`${name} is one function expression that names nothing outside but the browser's`, () => {
    const text = part(name);
    assert.equal(typeof runInContext(`(${text})`, createContext({})), "function");
    assert.doesNotMatch(text, /__\w+__|\bimport\b|\bexport\b/);
    // Two of them side by side in an array, as they stand in the banner.
    assert.equal(runInContext(`[${text},${text}]`, createContext({})).length, 2);
  });
}

const NOW = Date.UTC(2026, 10, 22, 18);
const TODAY = Math.floor(NOW / DAY);
const DAYS = { granted: 182, refused: 150 };

/** What the stub says has been granted, of a page with these cookies.
 * @param {string} cookie @param {number[]} epochs @param {boolean} signal */
function toldBy(cookie, epochs, signal) {
  /** @type {any} */
  const page = { document: { cookie }, navigator: { globalPrivacyControl: signal } };
  page.window = page;
  page.Date = { now: () => NOW };
  runInContext(stub({ epochs, days: DAYS.granted }), createContext(page));
  const updates = page.dataLayer.filter(
    (/** @type {any} */ { 1: command }) => command === "update",
  );
  assert.equal(updates.length, page.consent.told ? 1 : 0);
  return page.consent.told;
}

/** What the banner says is in force. @param {string} cookie @param {number[]} epochs
 * @param {boolean} signal */
function inForce(cookie, epochs, signal) {
  const stored = newest(cookie);
  const verdict = mustAsk(stored, epochs, DAYS.granted, DAYS.refused, TODAY);
  return (signal ? heed(verdict, stored?.despite) : verdict)[1];
}

/** @param {number} granted */
const written = (
  granted,
  { day = TODAY, epochs = [1, 1, 1], despite = false, pending = false } = {},
) => {
  const text = format(
    7,
    epochs,
    day,
    granted,
    despite,
    uuid7(NOW, crypto.getRandomValues(new Uint8Array(16))),
  );
  return pending ? text : text.replace(/\.p$/, "");
};

/** @type {[string, (granted: number) => string, number[], boolean][]} */
const COOKIES = [
  ["as it was given", (granted) => written(granted), [1, 1, 1], false],
  [
    "whose receipt is still to be stored",
    (granted) => written(granted, { pending: true }),
    [1, 1, 1],
    false,
  ],
  ["after marketing's epoch has risen", (granted) => written(granted), [1, 1, 2], false],
  ["after every epoch has risen", (granted) => written(granted), [36, 3, 2], false],
  [
    "that answered later epochs than the stub's",
    (granted) => written(granted, { epochs: [2, 40, 2] }),
    [1, 36, 1],
    false,
  ],
  ["under the browser's signal", (granted) => written(granted), [1, 1, 1], true],
  [
    "given despite the browser's signal",
    (granted) => written(granted, { despite: true }),
    [1, 1, 1],
    true,
  ],
  [
    "given despite a signal that is no longer sent",
    (granted) => written(granted, { despite: true }),
    [1, 1, 1],
    false,
  ],
  ["on its last day", (granted) => written(granted, { day: TODAY - 181 }), [1, 1, 1], false],
  ["a day after its last", (granted) => written(granted, { day: TODAY - 182 }), [1, 1, 1], false],
  [
    "of tomorrow, by a traveller's clock",
    (granted) => written(granted, { day: TODAY + 1 }),
    [1, 1, 1],
    false,
  ],
  [
    "of the day after tomorrow",
    (granted) => written(granted, { day: TODAY + 2 }),
    [1, 1, 1],
    false,
  ],
  [
    "beside other cookies",
    (granted) => `a=1; ${written(granted)}; consents=1; xconsent=${written(7)}`,
    [1, 1, 1],
    false,
  ],
  [
    "beside an older one",
    (granted) => `${written(granted)}; ${written(7, { day: TODAY - 3 })}`,
    [1, 1, 1],
    false,
  ],
  [
    "beside a newer one",
    (granted) => `${written(granted, { day: TODAY - 3 })}; ${written(2)}`,
    [1, 1, 1],
    false,
  ],
  [
    "beside another of the same day",
    (granted) => `${written(5)}; ${written(granted)}`,
    [1, 1, 1],
    false,
  ],
  [
    "beside a newer refusal",
    (granted) => `${written(granted, { day: TODAY - 3 })}; ${written(0)}`,
    [1, 1, 1],
    false,
  ],
  [
    "beside one of a wrong clock",
    (granted) => `${written(granted)}; ${written(7, { day: TODAY + 9 })}`,
    [1, 1, 1],
    false,
  ],
];

for (const [name, cookie, epochs, signal] of COOKIES) {
  test(`r27: the stub reads a choice ${name} as the banner does`, () => {
    for (let granted = 0; granted < 8; granted++) {
      const jar = cookie(granted);
      assert.equal(toldBy(jar, epochs, signal), inForce(jar, epochs, signal), jar);
    }
  });
}

const GRANT = written(7);
/** @type {[string, string][]} */
const BROKEN = [
  ["nothing at all", ""],
  ["another format", GRANT.replace("=1.", "=2.")],
  ["a grant without an id", GRANT.slice(0, -23)],
  ["a refusal with an id", GRANT.replace(".7.1-", ".0.1-")],
  ["a set that there is not", GRANT.replace(".7.1-", ".9.1-")],
  ["a set beyond the last", GRANT.replace(".7.1-", ".16.1-")],
  ["two epochs", GRANT.replace("1-1-1", "1-1")],
  ["something behind it", `${GRANT}.x`],
  ["something before it", ` ${GRANT}`],
  ["a short id", GRANT.slice(0, -1)],
  ["another name", GRANT.replace("consent", "consents")],
  ["quotes", GRANT.replace("=", '="') + '"'],
];
for (const [name, cookie] of BROKEN) {
  test(`r04: the stub takes ${name} for no grant, as the banner does`, () => {
    assert.equal(inForce(cookie, [1, 1, 1], false), 0);
    assert.equal(toldBy(cookie, [1, 1, 1], false), 0);
  });
}

/** @type {[string, Record<string, unknown>][]} */
const HOSTILE = [
  [
    "cookies are blocked",
    {
      document: {
        get cookie() {
          throw new Error("blocked");
        },
      },
    },
  ],
  ["the queue is no queue", { dataLayer: 7 }],
  ["our name is taken by an element", { consent: { nodeName: "A" } }],
];
for (const [name, changes] of HOSTILE) {
  test(`r06: where ${name} the stub throws nothing and grants nothing`, () => {
    /** @type {any} */
    const page = { document: { cookie: "" }, navigator: {}, ...changes };
    Object.defineProperties(page, Object.getOwnPropertyDescriptors(changes));
    page.window = page;
    runInContext(stub({ told: ["google", "microsoft_uet"] }), createContext(page));
    const told = [page.dataLayer].flat().filter((entry) => entry?.[1] === "update");
    assert.deepEqual(told, []);
  });
}
