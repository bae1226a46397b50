/** Guest manners: strict policies, other scripts, the API, and pages that change under us. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TAG, TEXT } from "../harness.mjs";
import {
  becomes,
  CARRIERS,
  escape,
  requested,
  servers,
  setUp,
  stateOf,
  until,
  visit,
  wait,
} from "./visit.mjs";

setUp();

const STRICT =
  "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'none'; " +
  "connect-src {service}; frame-src {third}; img-src {third}; media-src {third}; base-uri 'none'";
const TYPES = "; require-trusted-types-for 'script'; trusted-types consent";
const NONCED = TAG.replace("<script", '<script nonce="abc"');
/** The carriers, as a page with a nonce writes them, and without what its own policy forbids. */
const ALLOWED = CARRIERS.replace(/<script/g, '<script nonce="abc"').replace(/<link[^>]*>/g, "");

for (const [name, policy, language] of [
  ["a strict policy", STRICT, "en"],
  ["a strict policy with Trusted Types", STRICT + TYPES, "en"],
  ["Trusted Types and another language", STRICT + TYPES, "sv"],
]) {
  test(`under ${name} everything works and nothing is reported`, async () => {
    const { page, errors, context } = await visit({
      headers: { "content-security-policy": policy },
      body: NONCED + TEXT + ALLOWED,
      language,
      options: { bypassCSP: false },
    });
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, sample }) =>
        console.error(`violation: ${violatedDirective} ${sample}`),
      );
    });
    await page.reload();
    const region = page.getByRole("region");
    await region.waitFor();
    assert.ok(((await region.boundingBox())?.height ?? 999) < 400, "it is styled");
    await page.getByRole("button", { name: language === "en" ? "Choose" : "Välj själv" }).click();
    await page.locator("summary").last().click();
    await page.getByRole("dialog").getByRole("button").nth(2).click();
    await until(() => requested().length === 18, "all but the style sheets");
    await page.frameLocator("iframe >> nth=0").getByText("Hi").waitFor();
    const ran = await page.evaluate(() => /** @type {any} */ (window).ran);
    assert.equal(ran.length, 9);
    assert.deepEqual(
      errors.filter((error) => !/media|\.mp4/.test(error)),
      [],
    );
  });
}

test("under Trusted Types that forbid our policy scripts stay held, and all else works", async () => {
  const { page, accept } = await visit({
    headers: {
      "content-security-policy": "require-trusted-types-for 'script'; trusted-types other",
    },
  });
  await accept.click();
  await until(() => requested().length === 15);
  await wait(page, 200);
  assert.ok(requested().every((path) => !path.endsWith(".js")));
  assert.equal((await stateOf(page)).marketing, true);
});

test("window.consent is the only global", async () => {
  const names = (/** @type {import("playwright-core").Page} */ page) =>
    page.evaluate(() => Object.getOwnPropertyNames(window).sort());
  const without = await visit({ body: TEXT });
  const want = await names(without.page);
  const { page, accept } = await visit({ body: TAG + TEXT });
  await accept.click();
  const got = await names(page);
  assert.deepEqual(
    got.filter((name) => !want.includes(name)),
    ["consent"],
  );
});

test("two tags by mistake: the second does nothing", async () => {
  const { page, one, accept } = await visit({ body: TAG + TAG + TEXT });
  await accept.click();
  await until(() => servers.receipts().length === 1);
  await wait(page, 200);
  assert.equal(await one.count(), 0);
  assert.equal(servers.receipts().length, 1);
  const again = await visit({ body: TAG + TAG + TEXT, language: "sv" });
  await again.page.getByRole("region").waitFor();
  await wait(again.page, 200);
  assert.equal(await again.page.getByRole("region").count(), 1);
});

test("the queue, the events and the methods do what the types say", async () => {
  const { page, accept } = await visit({
    head: `<script>
      log = [];
      for (const name of ["ready", "ask", "change"])
        document.addEventListener("consent:" + name, (event) => log.push([name, event.detail.marketing]));
      window.consent = window.consent || [];
      consent.push(() => { throw new Error("mine"); });
      consent.push((api) => {
        api.on("ready", (state) => log.push(["queued ready", state.decided]));
        api.on("ask", (state) => log.push(["queued ask", state.decided]));
        window.off = api.on("change", (state) => log.push(["queued change", state.decided]));
      });
    </script>`,
    body: TAG + TEXT,
  });
  const log = () => page.evaluate("log.splice(0)");
  await accept.waitFor();
  assert.deepEqual(await log(), [
    ["ready", false],
    ["queued ready", false],
    ["ask", false],
    ["queued ask", false],
  ]);
  assert.deepEqual(await page.evaluate("consent.get()"), {
    necessary: true,
    preferences: false,
    statistics: false,
    marketing: false,
    decided: false,
    id: null,
  });
  await accept.click();
  await becomes(page, "log.length > 1");
  assert.deepEqual(await log(), [
    ["change", true],
    ["queued change", true],
  ]);
  const state = await stateOf(page);
  await until(() => servers.receipts().length === 1);
  assert.equal(state.id, servers.receipts()[0].id);
  assert.deepEqual(await page.evaluate(`["necessary", "marketing", "all", ""].map(consent.has)`), [
    true,
    true,
    false,
    false,
  ]);
  await page.evaluate("off()");
  await page.evaluate("consent.push((api) => api.withdraw())");
  assert.deepEqual(await log(), [["change", false]]);
  assert.equal((await stateOf(page)).id, null);
  await page.evaluate("consent.open()");
  await page.getByRole("dialog").waitFor();
  await page.evaluate("consent.close()");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("a listener of the page that fails is the page's affair, and nothing of ours stops", async () => {
  const { page, accept, errors } = await visit({ body: TAG + TEXT });
  await page.evaluate(() =>
    document.addEventListener("consent:change", () => {
      throw new Error("mine");
    }),
  );
  await accept.click();
  await until(() => servers.receipts().length === 1);
  assert.deepEqual(errors, ["mine"]);
  assert.equal((await stateOf(page)).marketing, true);
});

test("an element that is named like our global does not stand in our way", async () => {
  const { page, accept } = await visit({
    body: `<a id="consent" name="consent">x</a>${TAG}${TEXT}`,
  });
  await accept.click();
  await becomes(page, "consent.has('marketing')");
});

test("where a page swaps its body layer one comes back, and what is marked in it is held", async () => {
  const { page, one, accept } = await visit();
  await one.waitFor();
  await page.evaluate((third) => {
    const body = document.createElement("body");
    const frame = document.createElement("iframe");
    frame.dataset.consent = "marketing";
    frame.dataset.consentSrc = `${third}/swapped.html`;
    body.append(frame);
    document.body.replaceWith(body);
  }, servers.thirdUrl);
  await one.waitFor();
  assert.deepEqual(requested(), []);
  await accept.click();
  await until(() => requested().includes("/swapped.html"));
});

test("a page may be left and come back to, and may open the settings before it has a body", async () => {
  const { page, two } = await visit({
    head: `<script src="{service}/v1/sites/shop/banner.js"></script><script>consent.open()</script>`,
    body: TEXT,
  });
  await two.waitFor();
  await escape(page);
  await page.getByRole("button", { name: "Reject all" }).click();
  await page.goto(`${servers.url}/two`);
  await page.goBack();
  await wait(page, 200);
  assert.equal(await page.getByRole("region").count(), 0);
});

test("r05: all of a page can be scrolled out from under layer one, also when it grows", async () => {
  const { page, one, reject } = await visit({
    body: `${TAG}<div style="height:3000px">tall</div><a id="last" href="#there">imprint</a>`,
  });
  await one.waitFor();
  const free = () =>
    page.evaluate(() => {
      scrollTo(0, 1e6);
      const box = /** @type {HTMLElement} */ (document.querySelector("#last")).getBoundingClientRect();
      return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.id;
    });
  await until(async () => (await free()) === "last");
  await page.evaluate(() => {
    const more = document.createElement("p");
    more.textContent = "more ".repeat(5000);
    document.body.prepend(more);
  });
  await until(async () => (await free()) === "last");
  await page.locator("#last").click();
  const tall = await page.evaluate("document.documentElement.scrollHeight");
  await reject.click();
  await until(async () => (await page.evaluate("document.documentElement.scrollHeight")) < tall);
});

test("r05: so can the end of a page that fills the window, and a short page is left alone", async () => {
  const end = `<a id="last" href="#there" style="position:absolute;bottom:0">imprint</a>`;
  const full = `<style>body { margin: 0; position: relative }</style><div style="height:100vh"></div>${end}`;
  const { page, one, reject } = await visit({ body: TAG + full });
  await one.waitFor();
  const scrolls = () =>
    page.evaluate("document.documentElement.scrollHeight > document.documentElement.clientHeight");
  await until(scrolls);
  await page.mouse.wheel(0, 2000);
  await page.locator("#last").click();
  await reject.click();
  await until(async () => !(await scrolls()));
  const short = await visit({ body: `${TAG}<p>Tea</p>` });
  await short.one.waitFor();
  await wait(short.page);
  assert.equal(
    await short.page.evaluate(
      "document.documentElement.scrollHeight > document.documentElement.clientHeight",
    ),
    false,
  );
});

test("layer one moves nothing in the page and blocks no frame for long", async () => {
  const { page, one, context } = await visit({ body: TEXT });
  await context.addInitScript(() => {
    /** @type {any} */ (window).shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        /** @type {any} */ (window).shifts.push(entry.entryType);
    }).observe({ type: "layout-shift", buffered: true });
  });
  servers.state.pages["/"] = servers.state.pages["/"].replace(TEXT, TAG + TEXT);
  await page.reload();
  await one.waitFor();
  await wait(page);
  assert.deepEqual(await page.evaluate("shifts"), []);
});
