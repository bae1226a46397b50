/**
 * A visit to the shop in a fresh browser profile, and what a test may ask about it.
 *
 * @import { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core"
 * @import { ConsentApi } from "../../types/consent.js"
 */
import { after, afterEach, before } from "node:test";
import { DAY, format } from "../../src/cookie.js";
import { lengthen, uuid7 } from "../../src/id.js";
import { page as html, start, TAG, TEXT } from "../harness.mjs";
import { launch } from "./chromium.mjs";

/** @type {Browser} */
let browser;

/** The open profiles of the test that runs. @type {Set<BrowserContext>} */
const profiles = new Set();

/** The servers of this test file. @type {Awaited<ReturnType<typeof start>>} */
export let servers;

/** Call once in a test file: its own servers and its own browser. */
export function setUp() {
  before(async () => {
    [browser, servers] = await Promise.all([launch(), start()]);
  });
  // What a page of a test before still does, or is told too late, is no other test's affair.
  afterEach(() => Promise.all([...profiles].map(leave)));
  after(async () => {
    await browser?.close();
    servers?.close();
  });
}

/** Close a profile; whoever still holds a request back finds that it is gone. @param {BrowserContext} context */
async function leave(context) {
  const held = [context, ...context.pages()];
  await Promise.all(held.map((each) => each.unrouteAll({ behavior: "ignoreErrors" })));
  await context.close();
}

/** Everything that can be held back, each kind from the third party and named by its category. */
export const CARRIERS = ["preferences", "statistics", "marketing"]
  .map(
    (category) => `
<script type="text/plain" data-consent="${category}" src="{third}/${category}.js?name=${category}"></script>
<script type="text/plain" data-consent="${category}">
  document.cookie = "c_${category}=1; path=/"; (window.ran ??= []).push("${category} inline");
</script>
<iframe data-consent="${category}" data-consent-src="{third}/${category}.frame" title="A ${category} film"
  width="400" height="225"></iframe>
<img data-consent="${category}" data-consent-src="{third}/${category}.gif" alt="">
<video data-consent="${category}" data-consent-src="{third}/${category}.mp4"></video>
<link rel="stylesheet" data-consent="${category}" data-consent-src="{third}/${category}.css">
<template data-consent="${category}"><img src="{third}/${category}.template.gif" alt="">
  <script src="{third}/${category}.template.js?name=${category}+template"></script></template>`,
  )
  .join("\n");

/**
 * @typedef {object} Visit
 * @property {BrowserContextOptions} [options]
 * @property {string} [body]
 * @property {string} [head]
 * @property {string} [language]
 * @property {boolean} [signal]  Whether the browser sends Global Privacy Control.
 * @property {Record<string, string>} [headers]
 * @property {Partial<import("../../types/internal.js").Config>} [config]
 * @property {string[]} [parts]  Names of built parts.
 * @property {number | "drop"} [answer]
 * @property {number | "drop"} [erasure]  What an erasure is answered.
 * @property {{ name: string, value: string }[]} [cookies]  There before the visit.
 * @property {string} [path]
 * @property {boolean} [stays]  Whether the profile is there for the tests that follow.
 */

/** @param {Visit} visit */
export async function visit({
  options = {},
  body = TAG + TEXT + CARRIERS,
  head = "",
  language = "en",
  signal = false,
  headers = {},
  config = {},
  parts: chosen = [],
  answer = 201,
  erasure = 200,
  cookies = [],
  path = "/",
  stays = false,
} = {}) {
  const { state } = servers;
  Object.assign(state, { answer, erasure, config, headers, parts: chosen });
  state.pages = { "/": html(body, head, language), "/two": html(body, head, language) };
  for (const server of [servers.site, servers.service, servers.third]) server.asked.length = 0;
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  if (!stays) profiles.add(context);
  context.on("close", () => profiles.delete(context));
  if (signal) {
    await context.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { value: true }),
    );
  }
  await context.addCookies(cookies.map((cookie) => ({ ...cookie, url: servers.url })));
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  await page.goto(servers.url + path);
  return { page, context, errors, ...parts(page) };
}

/** What a visitor sees of us. @param {Page} page */
function parts(page) {
  const one = page.getByRole("region", { name: "Cookies on this site" });
  const two = page.getByRole("dialog");
  return {
    one,
    two,
    accept: one.getByRole("button", { name: "Accept all" }),
    reject: one.getByRole("button", { name: "Reject all" }),
    choose: one.getByRole("button", { name: "Choose" }),
    save: two.getByRole("button", { name: "Save choices" }),
    settings: page.getByRole("link", { name: "Cookie settings" }),
    /** @param {string} name */
    toggle: (name) => two.getByRole("switch", { name }),
  };
}

/** What is in force, as the page is told. @param {Page} page */
export const stateOf = (page) =>
  page.evaluate(() => /** @type {ConsentApi} */ (window.consent).get());

/** What third parties were asked for. */
export const requested = () => servers.third.asked.map(({ url }) => url.split(/[?]/)[0]).sort();

/** The choice cookie, if there is one. @param {Page} page */
export async function choiceCookie(page) {
  const cookies = await page.context().cookies(servers.url);
  return cookies.find(({ name }) => name === "consent");
}

/**
 * Wait until so many receipts are stored and the page knows it: one that is left before that
 * rightly sends the last of them again.
 *
 * @param {Page} page
 */
export const recorded = (page, count = 1) =>
  until(async () => {
    const { value = "" } = (await choiceCookie(page)) ?? {};
    return servers.receipts().length === count && !value.endsWith(".p");
  }, `${count} receipts`);

/** Everything that the device holds for the page. @param {Page} page */
export const stored = async (page) => ({
  cookies: (await page.context().cookies()).map(({ name }) => name).sort(),
  local: await page.evaluate(() => Object.keys(localStorage)),
  session: await page.evaluate(() => Object.keys(sessionStorage)),
  databases: await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name)),
});

/** Long enough for what must not happen to have happened. @param {Page} page */
export const wait = (page, milliseconds = 400) => page.waitForTimeout(milliseconds);

/** Wait until something holds, for half a minute on a busy machine. @param {() => boolean | Promise<boolean>} test */
export async function until(test, what = String(test)) {
  for (let round = 0; round < 1200; round++) {
    if (await test()) return;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`still not: ${what}`);
}

/**
 * Wait until an expression holds in the page. Not `waitForFunction`: from its second look on it
 * evaluates in the page, which a strict policy forbids.
 *
 * @param {Page} page
 * @param {string} expression
 */
export const becomes = (page, expression) =>
  until(async () => {
    try {
      return await page.evaluate(`!!(${expression})`);
    } catch (error) {
      // The page goes on to another meanwhile.
      if (/context was destroyed/.test(String(error))) return false;
      throw error;
    }
  }, expression);

/**
 * Close layer two by its key, and wait until it is gone: the browser takes its time for that.
 *
 * @param {import("playwright-core").Page} page
 */
export async function escape(page) {
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
}

export const EPOCHS = { preferences: 1, statistics: 1, marketing: 1 };

/** A choice that was made earlier. */
export function earlier({
  days = 3,
  granted = 7,
  signal = false,
  pending = false,
  epochs = EPOCHS,
  version = 6,
} = {}) {
  const made = Date.now() - days * DAY;
  const short = uuid7(made, crypto.getRandomValues(new Uint8Array(16)));
  const { preferences, statistics, marketing } = epochs;
  const answered = [preferences, statistics, marketing];
  const text = format(version, answered, Math.floor(made / DAY), granted, signal, short);
  const value = text.slice("consent=".length);
  const id = granted ? lengthen(short) : null;
  return { id, cookies: [{ name: "consent", value: pending ? value : value.replace(/\.p$/, "") }] };
}
