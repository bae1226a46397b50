/** Before, at and after a choice: what runs, what is stored, what is sent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { page as html, TAG, TEXT } from "../harness.mjs";
import {
  CARRIERS,
  choiceCookie,
  requested,
  servers,
  setUp,
  stateOf,
  stored,
  until,
  visit,
  wait,
} from "./visit.mjs";

setUp();

const NOTHING = { cookies: [], local: [], session: [], databases: [] };
const KINDS = [".css", ".frame", ".gif", ".js", ".mp4", ".template.gif", ".template.js"];

/** What is asked of third parties where these are granted. @param {string[]} categories */
const expected = (categories) =>
  categories.flatMap((category) => KINDS.map((kind) => `/${category}${kind}`)).sort();

test("r01 r02 r03: nothing is stored and nobody is asked before a choice", async () => {
  const { page, one } = await visit();
  await one.waitFor();
  await page.mouse.wheel(0, 2000);
  await page.goto(`${servers.url}/two`);
  await one.waitFor();
  await wait(page);
  assert.deepEqual(requested(), []);
  assert.deepEqual(await stored(page), NOTHING);
  // The second is what draws the notices in held embeds.
  const asked = servers.service.asked.map(({ url }) => url.replace(/[\w-]{43}/, "hash"));
  const own = ["/v1/sites/shop/banner.js", "/v1/sites/shop/banner/hash.js"];
  assert.deepEqual([...new Set(asked)].sort(), own);
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).ran), undefined);
});

/** @type {Record<string, (page: import("playwright-core").Page) => Promise<unknown>>} */
const SILENCE = {
  "the Escape key": (page) => page.keyboard.press("Escape"),
  scrolling: (page) => page.mouse.wheel(0, 5000),
  "a click on the page": (page) => page.mouse.click(20, 20),
  "the next page": (page) => page.goto(`${servers.url}/two`),
  reloading: (page) => page.reload(),
  "opening and closing the settings": async (page) => {
    await page.getByRole("button", { name: "Choose" }).click();
    await page.getByRole("button", { name: "Close" }).click();
  },
  "Escape in the settings with switches on": async (page) => {
    await page.getByRole("button", { name: "Choose" }).click();
    await page.getByRole("switch", { name: "Marketing" }).click();
    await page.keyboard.press("Escape");
  },
  "closing by the page's script": (page) => page.evaluate("consent.close()"),
};

for (const [name, act] of Object.entries(SILENCE)) {
  test(`r04 r13: ${name} grants nothing, stores nothing and sends nothing`, async () => {
    const { page, one } = await visit();
    await one.waitFor();
    await act(page);
    await wait(page);
    assert.equal((await stateOf(page)).decided, false);
    assert.deepEqual(requested(), []);
    assert.deepEqual(servers.receipts(), []);
    assert.deepEqual(await stored(page), NOTHING);
  });
}

test("accepting runs every kind of tag, once and in order", async () => {
  const { page, one, accept } = await visit();
  await accept.click();
  await until(() => requested().length === 21, "all 21 requests");
  await wait(page);
  assert.deepEqual(requested(), expected(["preferences", "statistics", "marketing"]));
  assert.equal(await one.count(), 0);
  const order = ["preferences", "statistics", "marketing"];
  assert.deepEqual(
    await page.evaluate(() => /** @type {any} */ (window).ran),
    order.flatMap((name) => [name, `${name} inline`, `${name} template`]),
  );
});

test("r01: in a template a held script runs after a yes; data stays data, wherever it is", async () => {
  const inside = `<template data-consent="marketing">
    <script type="text/plain" data-consent="marketing">window.held = 1</script>
    <script type="text/plain">window.data = 1</script><b id="end"></b></template>
    <script type="text/plain" data-type="text/plain" data-consent="marketing">window.data = 2</script>`;
  const { page, accept } = await visit({ body: TAG + TEXT + inside });
  await accept.waitFor();
  assert.equal(await page.evaluate("window.held"), undefined);
  await accept.click();
  await page.waitForSelector("#end", { state: "attached" });
  await wait(page);
  assert.equal(await page.evaluate("window.held"), 1);
  assert.equal(await page.evaluate("window.data"), undefined);
});

test("r42 r46: an acceptance is one receipt with these members and no others", async () => {
  const { accept } = await visit({ options: { viewport: { width: 768, height: 1024 } } });
  await accept.click();
  await until(() => servers.receipts().length === 1);
  const [{ id, ...receipt }] = servers.receipts();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(receipt, {
    version: 7,
    language: "en",
    artifact: "0f3a9c1d5b7e2468",
    action: "accept_all",
    source: "banner",
    layer: 1,
    viewport: "medium",
    choices: { necessary: true, preferences: true, statistics: true, marketing: true },
    gpc: false,
    previous: null,
  });
  const { headers } = servers.service.asked.filter(({ method }) => method === "POST")[0];
  assert.match(headers["content-type"] ?? "", /^text\/plain;/);
  assert.equal(headers.origin, servers.url);
  assert.equal(headers.cookie, undefined);
  assert.equal(headers.referer, `${servers.url}/`);
});

test("r29 r32: after a yes the visitor is not asked again, and no visit renews the cookie", async () => {
  const { page, one, accept } = await visit({ body: TAG + TEXT });
  await accept.click();
  await until(async () =>
    /^1\.7\..*\.7\.1-1-1\.[\w-]{22}$/.test((await choiceCookie(page))?.value ?? ""),
  );
  // The copy of the receipt goes right after.
  await until(async () => !(await stored(page)).local.length);
  const first = await choiceCookie(page);
  assert.ok(first && "consent=".length + first.value.length <= 64);
  assert.equal(first.sameSite, "Lax");
  assert.equal(first.path, "/");
  assert.equal(first.domain, "localhost");
  const days = (first.expires - Date.now() / 1000) / 86400;
  assert.ok(days > 181.99 && days <= 182, String(days));
  assert.deepEqual((await stored(page)).local, []);
  servers.service.asked.length = 0;
  await wait(page, 1100);
  await page.reload();
  await wait(page);
  assert.equal(await one.count(), 0);
  assert.deepEqual(await choiceCookie(page), first);
  assert.deepEqual(servers.receipts(), []);
  assert.equal((await stateOf(page)).marketing, true);
  assert.deepEqual(await page.evaluate(() => [document.body.firstElementChild?.tagName]), [
    "SCRIPT",
  ]);
});

test("r23 r32: after a no nothing is loaded on any page, and the device holds no id", async () => {
  const { page, one, reject } = await visit();
  await reject.click();
  await until(() => servers.receipts().length === 1);
  for (const path of ["/two", "/", "/two"]) {
    await page.goto(servers.url + path);
    await wait(page, 200);
    assert.equal(await one.count(), 0);
  }
  assert.deepEqual(requested(), []);
  assert.equal(servers.receipts()[0].action, "reject_all");
  assert.deepEqual(await stored(page), { ...NOTHING, cookies: ["consent"] });
  assert.match((await choiceCookie(page))?.value ?? "", /^1\.7\.[0-9a-z]{3,4}\.0\.1-1-1$/);
  assert.equal((await stateOf(page)).id, null);
});

for (let granted = 0; granted < 8; granted++) {
  const names = ["Preferences", "Statistics", "Marketing"].filter(
    (_, index) => granted & (1 << index),
  );
  test(`r12 r18 r19 r25: saving ${names.join(" and ") || "no category"} is exactly that`, async () => {
    const { page, choose, two, save, toggle, settings } = await visit();
    await choose.click();
    for (const name of ["Preferences", "Statistics", "Marketing"]) {
      assert.equal(await toggle(name).isChecked(), false);
    }
    for (const name of names) await toggle(name).click();
    await save.click();
    const categories = names.map((name) => name.toLowerCase());
    await until(() => servers.receipts().length === 1 && requested().length === 7 * names.length);
    await wait(page, 200);
    assert.deepEqual(requested(), expected(categories));
    const [receipt] = servers.receipts();
    assert.equal(receipt.layer, 2);
    assert.equal(receipt.source, "preferences");
    assert.equal(receipt.action, granted === 7 ? "accept_all" : granted ? "custom" : "reject_all");
    servers.third.asked.length = 0;
    await page.reload();
    await until(() => requested().length === 7 * names.length);
    await wait(page, 200);
    assert.deepEqual(requested(), expected(categories));
    await settings.click();
    await two.waitFor();
    for (const name of ["Preferences", "Statistics", "Marketing"]) {
      assert.equal(await toggle(name).isChecked(), names.includes(name), name);
      assert.equal(receipt.choices[name.toLowerCase()], names.includes(name), name);
    }
  });
}

test("r20: the necessary switch is on, stays on, says why, and is reached by Tab", async () => {
  const { page, choose, two, toggle } = await visit({ body: TAG + TEXT });
  await choose.click();
  const necessary = toggle("Necessary");
  await two.getByRole("button", { name: "Close" }).focus();
  await page.keyboard.press("Tab");
  assert.ok(await necessary.evaluate((element) => element.matches(":focus")));
  await page.keyboard.press("Space");
  await necessary.click({ force: true });
  assert.equal(await necessary.isChecked(), true);
  assert.equal(await necessary.getAttribute("aria-disabled"), "true");
  await two.getByText("Always on: the site does not work without it.").waitFor();
});

test("r05 r06: with the service down the page is whole and nothing runs", async () => {
  const { page, one, errors } = await visit({
    body: `<script src="http://127.0.0.1:9/v1/sites/shop/banner.js"></script>${TEXT}${CARRIERS}`,
  });
  await wait(page);
  assert.equal(await one.count(), 0);
  assert.deepEqual(requested(), []);
  await page.getByRole("link", { name: "One" }).click();
  assert.ok(
    errors.every(
      (error) => error.includes("ERR_CONNECTION_REFUSED") || error.includes("ERR_UNSAFE_PORT"),
    ),
    errors.join(),
  );
});

test("r06: where cookies and storage are blocked a choice holds for the page, and the page works", async () => {
  const { page, accept, one, errors } = await visit({
    head: `<script>
      Object.defineProperty(Document.prototype, "cookie", {
        get() { throw new DOMException("blocked", "SecurityError"); },
        set() { throw new DOMException("blocked", "SecurityError"); } });
      for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name,
        { get() { throw new DOMException("blocked", "SecurityError"); } });
    </script>`,
    body: `${TAG}${TEXT}<img data-consent="statistics" data-consent-src="{third}/one.gif" alt="">`,
  });
  await accept.click();
  await until(() => requested().length === 1);
  assert.equal((await stateOf(page)).statistics, true);
  await until(() => servers.receipts().length === 1);
  await page.reload();
  await one.waitFor();
  assert.deepEqual(errors, []);
});

test("the tag works at every place and in every way of loading", async () => {
  const SRC = `src="{service}/v1/sites/shop/banner.js"`;
  const ways = {
    "blocking in the head": [`<script ${SRC}></script>`, TEXT],
    "async in the head": [`<script async ${SRC}></script>`, TEXT],
    "deferred in the head": [`<script defer ${SRC}></script>`, TEXT],
    "last in the body": ["", `${TEXT}<script ${SRC}></script>`],
  };
  for (const [name, [head, body]] of Object.entries(ways)) {
    const { page, accept, errors, context } = await visit({ head, body: body + CARRIERS });
    await accept.click();
    await until(() => requested().length === 21, name);
    servers.third.asked.length = 0;
    await page.reload();
    await until(() => requested().length === 21, `${name}, returning`);
    assert.deepEqual(requested(), expected(["preferences", "statistics", "marketing"]), name);
    assert.deepEqual(
      errors.filter((error) => !error.includes("media")),
      [],
    );
    await context.close();
  }
});

test("a script inserted later is held, and runs after a yes, also from innerHTML", async () => {
  const { page, one, accept } = await visit({ body: TAG + TEXT });
  await one.waitFor();
  await page.evaluate((third) => {
    const markup = `<script type="text/plain" data-consent="statistics" src="${third}/late.js?name=late"></script>`;
    document.body.insertAdjacentHTML("beforeend", markup);
  }, servers.thirdUrl);
  await wait(page, 200);
  assert.deepEqual(requested(), []);
  await accept.click();
  await until(() => requested().length === 1);
  await page.evaluate((third) => {
    const element = document.createElement("div");
    element.innerHTML = `<p><script type="text/plain" data-consent="marketing" src="${third}/later.js"></script>`;
    document.body.append(element);
  }, servers.thirdUrl);
  await until(() => requested().length === 2);
  assert.deepEqual(requested(), ["/late.js", "/later.js"]);
});

test("inline scripts wait for the external ones before them, and only those that are async race", async () => {
  const { page, accept } = await visit({
    body: `${TAG}${TEXT}
      <script type="text/plain" data-consent="statistics" src="{third}/a.js?name=a"></script>
      <script type="text/plain" data-consent="statistics">(window.ran ??= []).push("b")</script>
      <script type="text/plain" data-consent="statistics" src="{third}/c.js?name=c" id="c" data-key="k"></script>
      <script type="text/plain" data-consent="statistics marketing">(window.ran ??= []).push("d")</script>
      <script type="text/plain" data-consent="statistics" src="http://127.0.0.1:9/broken.js"></script>
      <script type="text/plain" data-consent="unknown">(window.ran ??= []).push("never")</script>
      <script type="text/plain" data-consent="statistics" data-type="module">window.ran.push("e " + import.meta.url.length)</script>
      <script type="text/plain" data-consent="statistics">window.ran.push("f")</script>`,
  });
  await accept.click();
  await until(
    async () => (await page.evaluate(() => /** @type {any} */ (window).ran?.length)) === 6,
  );
  const ran = await page.evaluate(() => /** @type {any} */ (window).ran);
  const order = ran.map((/** @type {string} */ name) => name[0]);
  assert.deepEqual(order.slice(0, 4), ["a", "b", "c", "d"]);
  // A module is deferred by nature: only that it runs is promised.
  assert.deepEqual(order.slice(4).sort(), ["e", "f"]);
  assert.equal(await page.locator("script#c").getAttribute("data-key"), "k");
});

test("r16: the banner speaks the page's language, and asks for it once", async () => {
  const { page } = await visit({ language: "sv-SE", body: TAG + TEXT });
  await page.getByRole("button", { name: "Neka alla" }).waitFor();
  const asked = servers.service.asked.map(({ url }) => url);
  assert.deepEqual(asked, ["/v1/sites/shop/banner.js", "/v1/sites/shop/banner.js?lang=sv"]);
  assert.equal(await page.locator("body > div").first().getAttribute("lang"), "sv");
  await page.getByRole("button", { name: "Neka alla" }).click();
  await until(() => servers.receipts().length === 1);
  assert.equal(servers.receipts()[0].language, "sv");
});

test("r16: data-lang on the tag wins, and an address that names a language is obeyed", async () => {
  const tag = `<script src="{service}/v1/sites/shop/banner.js" data-lang="sv"></script>`;
  const first = await visit({ body: tag + TEXT });
  await first.page.getByRole("button", { name: "Neka alla" }).waitFor();
  const fixed = `<script src="{service}/v1/sites/shop/banner.js?lang=en"></script>`;
  const second = await visit({ body: fixed + TEXT, language: "sv" });
  await second.reject.waitFor();
  assert.equal(servers.service.asked.length, 1);
});

test("r16: a page that names no language of the site is asked about in the browser's", async () => {
  const options = { locale: "sv-FI" };
  for (const [language, body] of [
    ["", TAG],
    ["de", TAG],
    ["sv", TAG.replace("<script", '<script data-lang="de"')],
  ]) {
    const { page, context } = await visit({ language, body: body + TEXT, options });
    await page.getByRole("button", { name: "Neka alla" }).waitFor();
    await context.close();
  }
  const { reject } = await visit({ language: "en-GB", options });
  await reject.waitFor();
});

test("r16: a language that cannot be loaded does not leave the visitor unasked", async () => {
  const { page, context } = await visit({ body: TEXT });
  await context.route("**/banner.js?lang=sv", (route) => route.abort());
  servers.state.pages["/"] = html(TAG + TEXT, "", "sv");
  await page.reload();
  await page.getByRole("button", { name: "Reject all" }).waitFor();
});

test("r26: a configured domain is used where the page lies in it, and the host alone elsewhere", async () => {
  const { page, accept } = await visit({ body: TAG + TEXT, config: { domain: "shop.example" } });
  await accept.click();
  await until(async () => !!(await choiceCookie(page)));
  assert.equal((await choiceCookie(page))?.domain, "localhost");
});
