/**
 * Judged by outsiders: browsers and extensions that refuse for their users must be able to refuse
 * here, by the rules of ours that they may take (`rules/`) and, where they know none, by what they
 * make of the page.
 *
 * @import { Page } from "playwright-core"
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { handle } from "./consent-o-matic.mjs";
import { becomes, requested, setUp, stateOf, visit, wait } from "./visit.mjs";

setUp();

const PACKAGE = new URL("../../node_modules/@duckduckgo/autoconsent/", import.meta.url);
const SCRIPT = readFileSync(new URL("dist/autoconsent.playwright.js", PACKAGE), "utf8");

/** A program that finds nothing to refuse says nothing: then the time is over. */
const TIME = { timeout: 60_000 };

/** The package's own rules, none of which is for us. */
const THEIRS = JSON.parse(readFileSync(new URL("rules/rules.json", PACKAGE), "utf8")).autoconsent;

/** @param {string} name */
const ours = (name) =>
  JSON.parse(readFileSync(new URL(`../../rules/${name}.json`, import.meta.url), "utf8"));

/** @typedef {{ type: string, cmp?: string, result?: boolean }} Message */

/**
 * What DuckDuckGo's browsers do in a page, with these rules; and what is told of it, by its type.
 *
 * @param {Page} page
 * @param {object[]} rules
 */
async function autoconsent(page, rules) {
  /** @type {Map<string, Message>} */
  const told = new Map();
  const config = { enabled: true, autoAction: "optOut", heuristicMode: "reject" };
  const send = (/** @type {object} */ message) =>
    page.evaluate((it) => /** @type {any} */ (window).autoconsentReceiveMessage(it), message);
  await new Promise(async (done) => {
    await page.exposeFunction("autoconsentSendMessage", (/** @type {Message} */ message) => {
      told.set(message.type, message);
      if (message.type === "init") {
        send({ type: "initResp", config, rules: { autoconsent: rules } });
      }
      if (message.type === "autoconsentDone") send({ type: "selfTest" });
      if (message.type === "selfTestResult") done(undefined);
    });
    await page.evaluate(SCRIPT);
  });
  return told;
}

/** @param {Page} page */
async function assertRefused(page) {
  const { id, ...state } = await stateOf(page);
  assert.deepEqual(state, {
    necessary: true,
    preferences: false,
    statistics: false,
    marketing: false,
    decided: true,
  });
  assert.equal(id, null);
  await wait(page);
  assert.deepEqual(requested(), []);
}

for (const language of ["en", "sv"]) {
  test(`autoconsent refuses with our rule: ${language}`, TIME, async () => {
    const { page, errors } = await visit({ language });
    const told = await autoconsent(page, [ours("autoconsent")]);
    assert.equal(told.get("cmpDetected")?.cmp, "consent-service");
    assert.equal(told.get("popupFound")?.cmp, "consent-service");
    assert.equal(told.get("optOutResult")?.result, true);
    assert.equal(told.get("selfTestResult")?.result, true);
    await assertRefused(page);
    assert.deepEqual(errors, []);
  });
}

test("autoconsent refuses without a rule for us, by what the buttons say", TIME, async () => {
  const { page } = await visit();
  const told = await autoconsent(page, THEIRS);
  assert.equal(told.get("cmpDetected")?.cmp, "HEURISTIC-REJECT");
  assert.equal(told.get("optOutResult")?.result, true);
  assert.equal(told.get("selfTestResult")?.result, true);
  await assertRefused(page);
});

test("autoconsent's rule finds nothing to do where a choice was made", async () => {
  const { page, one, reject } = await visit();
  const [{ visible }] = ours("autoconsent").detectPopup;
  assert.equal(await page.locator(visible.join(" ")).count(), 1);
  await reject.click();
  await one.waitFor({ state: "detached" });
  assert.equal(await page.locator(visible.join(" ")).count(), 0);
});

for (const [name, wanted, granted] of /** @type {const} */ ([
  ["nothing", {}, []],
  ["statistics alone", { B: true }, ["statistics"]],
  ["all", { A: true, B: true, F: true }, ["preferences", "statistics", "marketing"]],
])) {
  test(`Consent-O-Matic's way of reading our rule allows what its user allows: ${name}`, async () => {
    const { page, one } = await visit();
    await one.waitFor();
    assert.deepEqual(await handle(page, ours("consent-o-matic"), wanted), ["consent-service"]);
    await becomes(page, "consent.get().decided");
    const state = await stateOf(page);
    const { preferences, statistics, marketing } = state;
    assert.deepEqual(
      Object.entries({ preferences, statistics, marketing })
        .filter(([, on]) => on)
        .map(([category]) => category),
      granted,
    );
    assert.equal(state.decided, true);
    if (!granted.length) await assertRefused(page);
  });
}

test("Consent-O-Matic's rule sees nothing on a page without us", async () => {
  const { page } = await visit({ body: "<div data-nosnippet lang=en dir=ltr><button>Hi</button>" });
  assert.deepEqual(await handle(page, ours("consent-o-matic"), {}), []);
});
