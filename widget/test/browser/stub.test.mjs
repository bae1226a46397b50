/**
 * The inline stub in a page whose banner comes late: what tags find before it, and that nothing is
 * told twice when it is there.
 *
 * @import { Page } from "playwright-core"
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { stub } from "../built.mjs";
import { TAG, TEXT } from "../harness.mjs";
import { becomes, servers, setUp, stateOf, until, visit, wait } from "./visit.mjs";

setUp();

/** Lets the banner of a page come. */
let release = () => {};
/** @type {Promise<void>} */
let released;

/** As a tag does that Google or Microsoft wrote: it looks once, when it runs. */
const TAGS = `window.seen = { google: (window.dataLayer ?? []).map(read), uet: [...(window.uetq ?? [])] }`;
const READ = `const read = (entry) => String(entry) === "[object Arguments]" ? [...entry] : entry;`;

/** @param {Parameters<typeof stub>[0]} [site] */
const headOf = (site) =>
  `<script>${stub({ told: ["google", "microsoft_uet"], ...site })}</script><script>${READ}${TAGS}</script>${TAG}`;

/** @param {import("./visit.mjs").Visit & { site?: Parameters<typeof stub>[0] }} [more] */
async function shop({ site, ...more } = {}) {
  const found = await visit({
    head: headOf(site),
    body: TEXT,
    parts: ["google", "microsoft_uet"],
    ...more,
  });
  await found.page.route("**/banner.js*", async (route) => {
    await released;
    await route.continue();
  });
  return found;
}

/** The next page, whose banner does not come before it is waited for. @param {Page} page */
async function next(page) {
  released = new Promise((done) => (release = done));
  await page.goto(`${servers.url}/two`, { waitUntil: "commit" });
}

/** What the tags saw, before the banner was there. @param {Page} page */
async function early(page) {
  await becomes(page, "window.seen");
  const [seen, late] = await page.evaluate(`[seen, window.consent instanceof Array]`);
  assert.ok(late, "the banner is not there yet");
  return seen;
}

/** What has been told by now. @param {Page} page */
const heard = (page) =>
  page
    .evaluate("({ google: dataLayer.map(read), uet: [...uetq] })")
    .then((all) => /** @type {{ google: any[], uet: any[] }} */ (all));

/** Let the banner come, and wait for it. @param {Page} page */
async function ready(page) {
  release();
  await becomes(page, "window.consent?.has");
}

/** @param {string} command @param {string} preferences @param {string} statistics @param {string} marketing */
const google = (command, preferences, statistics, marketing) => [
  "consent",
  command,
  {
    ad_storage: marketing,
    ad_user_data: marketing,
    ad_personalization: marketing,
    analytics_storage: statistics,
    functionality_storage: preferences,
    personalization_storage: preferences,
    security_storage: "granted",
  },
];
const [YES, NO] = ["granted", "denied"];
const DEFAULT = google("default", NO, NO, NO);
const GRANTED = google("update", YES, YES, YES);
/** @param {string} command @param {string} word */
const uet = (command, word) => ["consent", command, { ad_storage: word }];
/** Only commands. @param {any[]} layer */
const commands = (layer) => layer.filter((entry) => entry[0] === "consent");
/** @param {any[]} layer */
const events = (layer) => layer.filter((entry) => entry.event === "consent_update");

test("r27: on a first visit a tag finds the default, and there is never a second", async () => {
  const { page, accept } = await shop();
  await next(page);
  assert.deepEqual(await early(page), { google: [DEFAULT], uet: uet("default", NO) });
  await ready(page);
  assert.deepEqual(await heard(page), { google: [DEFAULT], uet: uet("default", NO) });
  await accept.click();
  await becomes(page, "consent.has('marketing')");
  const { google: layer, uet: queue } = await heard(page);
  assert.deepEqual(commands(layer), [DEFAULT, GRANTED]);
  assert.equal(events(layer).length, 1);
  assert.deepEqual(queue, [...uet("default", NO), ...uet("update", YES)]);
});

test("r27: who granted comes back, and a tag finds default and update; the banner says no more", async () => {
  const { page, accept } = await shop();
  await accept.click();
  await next(page);
  const told = { google: [DEFAULT, GRANTED], uet: [...uet("default", NO), ...uet("update", YES)] };
  assert.deepEqual(await early(page), told);
  await ready(page);
  await wait(page, 100);
  const { google: layer, uet: queue } = await heard(page);
  assert.deepEqual([commands(layer), queue], [told.google, told.uet]);
  assert.equal(events(layer).length, 1, "and a tag manager's trigger fires");
});

test("r23, r27: who refused comes back, and a tag finds the default alone", async () => {
  const { page, reject } = await shop();
  await reject.click();
  await next(page);
  assert.deepEqual(await early(page), { google: [DEFAULT], uet: uet("default", NO) });
  await ready(page);
  assert.deepEqual(await heard(page), { google: [DEFAULT], uet: uet("default", NO) });
});

test("a partial grant comes back as it was given", async () => {
  const { page, choose, toggle, save } = await shop();
  await choose.click();
  await toggle("Statistics").click();
  await save.click();
  await next(page);
  const { google: layer } = await early(page);
  assert.deepEqual(layer, [DEFAULT, google("update", NO, YES, NO)]);
});

test("r30: a stub printed after a major version restores no grant that it asks about anew", async () => {
  const epochs = { preferences: 1, statistics: 1, marketing: 2 };
  const { page, accept } = await shop({ site: { epochs: [1, 1, 2] } });
  await accept.click();
  servers.state.config = { epochs };
  await next(page);
  const told = [DEFAULT, google("update", YES, YES, NO)];
  assert.deepEqual((await early(page)).google, told);
  await ready(page);
  assert.deepEqual(commands((await heard(page)).google), told);
});

test("r30: one printed before it is put right as soon as the banner is there", async () => {
  const { page, accept } = await shop();
  await accept.click();
  servers.state.config = { epochs: { preferences: 1, statistics: 1, marketing: 2 } };
  await next(page);
  assert.deepEqual((await early(page)).google, [DEFAULT, GRANTED]);
  await ready(page);
  const { google: layer, uet: queue } = await heard(page);
  assert.deepEqual(commands(layer), [DEFAULT, GRANTED, google("update", YES, YES, NO)]);
  assert.deepEqual(queue.at(-1), { ad_storage: NO });
  assert.equal((await stateOf(page)).marketing, false);
});

test("r07: under the browser's signal marketing is not restored, unless it was granted despite it", async () => {
  const plain = await shop();
  await plain.accept.click();
  // A grant that is still to be stored belongs to the browser that made it.
  await until(async () => (await plain.context.cookies())[0]?.value.endsWith(".p") === false);
  const [cookie] = await plain.context.cookies();
  const { page, choose, toggle, save } = await shop({
    signal: true,
    cookies: [cookie].map(({ name, value }) => ({ name, value })),
  });
  await next(page);
  const held = [DEFAULT, google("update", YES, YES, NO)];
  assert.deepEqual((await early(page)).google, held);
  await ready(page);
  assert.deepEqual(commands((await heard(page)).google), held);
  await page.evaluate("consent.open()");
  assert.equal(await choose.count(), 0);
  await toggle("Marketing").click();
  await save.click();
  await next(page);
  assert.deepEqual((await early(page)).google, [DEFAULT, GRANTED]);
});

test("r02: the advanced stub sets Google's switches before any tag", async () => {
  const settings = { ads_data_redaction: true, url_passthrough: true };
  const { page } = await shop({
    parts: ["google_advanced"],
    site: { told: ["google_advanced"] },
  });
  await next(page);
  const waiting = google("default", NO, NO, NO);
  Object.assign(waiting[2], { wait_for_update: 500 });
  assert.deepEqual(await early(page), { google: [waiting, ["set", settings]], uet: [] });
  await ready(page);
  const layer = await page.evaluate("dataLayer.map(read)");
  assert.deepEqual(layer, [waiting, ["set", settings]]);
});

test("a page's own queue works beside the stub, and two stubs tell once", async () => {
  const own = "<script>consent.push((api) => (window.mine = api.get().decided))</script>";
  const { page } = await shop({
    head: `<script>${stub()}</script><script>${stub()}</script>${own}${TAG}`,
  });
  await becomes(page, "window.mine === false");
  assert.equal(await page.evaluate("dataLayer.length"), 1);
});

test("under a strict policy the stub runs by its hash alone, and nothing is reported", async () => {
  const hash = createHash("sha256")
    .update(stub())
    .digest("base64");
  const { page, errors } = await visit({
    head: `<script>${stub()}</script>${TAG}`,
    body: TEXT,
    parts: ["google"],
    headers: {
      "content-security-policy":
        `default-src 'none'; script-src 'sha256-${hash}' {service}; connect-src {service}; ` +
        "require-trusted-types-for 'script'; trusted-types consent",
    },
  });
  await ready(page);
  assert.equal(await page.evaluate("dataLayer.length"), 1);
  assert.deepEqual(errors, []);
});

test("r01: the stub stores nothing, asks nobody for anything and leaves two names at most", async () => {
  const plain = await visit({ body: TEXT });
  const names = "Object.getOwnPropertyNames(window)";
  const before = /** @type {string[]} */ (await plain.page.evaluate(names));
  const { page, context } = await visit({ head: `<script>${stub()}</script>`, body: TEXT });
  const after = /** @type {string[]} */ (await page.evaluate(names));
  assert.deepEqual(after.filter((name) => !before.includes(name)).sort(), ["consent", "dataLayer"]);
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual([servers.service.asked, servers.third.asked], [[], []]);
});
