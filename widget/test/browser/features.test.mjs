/** What a site can choose, and what other tabs, frames and ways of loading do to the banner. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { makeConfig } from "../fixture.mjs";
import { page as html, TAG, TEXT } from "../harness.mjs";
import {
  CARRIERS,
  choiceCookie,
  earlier,
  escape,
  recorded,
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

const PAGE = { body: TAG + TEXT };
const { theme } = makeConfig();
const loaded = () =>
  servers.service.asked.filter(({ url }) => /\/banner\/[\w-]{43}\.js$/.test(url)).length;

// --- window.consent -------------------------------------------------------------------------------

test("when() waits for its category, and resolves at once where it is granted", async () => {
  const { page, accept } = await visit(PAGE);
  await accept.waitFor();
  await page.evaluate(`window.came = [];
    consent.when("statistics").then((state) => came.push(state.statistics));
    consent.when("necessary").then(() => came.push("necessary"))`);
  assert.deepEqual(await page.evaluate("came"), ["necessary"]);
  await page.evaluate("consent.set({ marketing: true })");
  assert.deepEqual(await page.evaluate("came"), ["necessary"]);
  await page.evaluate("consent.set({ statistics: true })");
  assert.deepEqual(await page.evaluate("came"), ["necessary", true]);
  assert.equal(await page.evaluate(`consent.when("marketing").then((state) => state.decided)`), true);
});

test("set() records a choice like any other, and leaves what it does not name", async () => {
  const { page, one } = await visit();
  await one.waitFor();
  await page.evaluate("consent.set({ statistics: true, unknown: true, necessary: false })");
  await until(() => servers.receipts().length === 1 && requested().length === 7);
  const [receipt] = servers.receipts();
  assert.deepEqual([receipt.action, receipt.source, receipt.layer], ["custom", "api", 2]);
  assert.deepEqual(receipt.choices, {
    necessary: true,
    preferences: false,
    statistics: true,
    marketing: false,
  });
  assert.equal(await one.count(), 0);
  await page.evaluate("consent.set({ preferences: true })");
  await until(() => servers.receipts().length === 2);
  const { statistics, preferences, marketing } = servers.receipts()[1].choices;
  assert.deepEqual([preferences, statistics, marketing], [true, true, false]);
  assert.equal(servers.receipts()[1].previous, receipt.id);
});

test("receipt() and version tell what stands, and nothing after a refusal on an earlier page", async () => {
  const { page, accept } = await visit(PAGE);
  await accept.waitFor();
  assert.equal(await page.evaluate("consent.version"), 7);
  assert.equal(await page.evaluate("consent.receipt()"), null);
  await accept.click();
  await recorded(page);
  for (const reload of [false, true]) {
    if (reload) await page.reload();
    const receipt = /** @type {any} */ (await page.evaluate("consent.receipt()"));
    assert.equal(receipt.id, servers.receipts()[0].id);
    assert.ok(Math.abs(Date.parse(receipt.time) - Date.now()) < 60_000);
    assert.deepEqual(receipt.choices, servers.receipts()[0].choices);
  }
  await page.evaluate("consent.withdraw()");
  await recorded(page, 2);
  const refusal = /** @type {any} */ (await page.evaluate("consent.receipt()"));
  assert.equal(refusal.id, servers.receipts()[1].id);
  assert.equal(refusal.choices.marketing, false);
  await page.reload();
  assert.equal(await page.evaluate("consent.receipt()"), null);
});

// --- Withdrawal -----------------------------------------------------------------------------------

const RUNS = `<script type="text/plain" data-consent="marketing">window.running = true</script>`;

test("r24: the site's own server hears of a withdrawal before the page is loaded anew", async () => {
  const { page, context, accept } = await visit({
    body: TAG + TEXT + RUNS,
    config: { withdrawal: { reload: "auto", hook: "/withdrawn" } },
  });
  await accept.click();
  await until(() => servers.receipts().length === 1);
  assert.ok(!servers.site.asked.some(({ url }) => url === "/withdrawn"), "a yes is no withdrawal");
  await context.addCookies([{ name: "c_server", value: "1", url: servers.url, httpOnly: true }]);
  servers.state.slow = 300;
  const anew = page.waitForEvent("load");
  await page.evaluate("consent.set({ marketing: false })");
  await anew;
  servers.state.slow = 0;
  const told = servers.site.asked.filter(({ url }) => url === "/withdrawn");
  assert.deepEqual(
    told.map(({ method, body }) => [method, body]),
    [["POST", '["marketing"]']],
  );
  assert.ok(!(await stored(page)).cookies.includes("c_server"));
  assert.equal(servers.receipts()[1].action, "withdraw");
  assert.equal(await page.evaluate("window.running"), undefined);
});

test("r24: a site that hangs holds the reload up for a second and no longer", async () => {
  const { page, accept } = await visit({
    body: TAG + TEXT + RUNS,
    config: { withdrawal: { reload: "auto", hook: "/withdrawn" } },
  });
  await accept.click();
  servers.state.slow = 20_000;
  const anew = page.waitForEvent("load", { timeout: 15_000 });
  await page.evaluate("consent.withdraw()");
  await anew;
  servers.state.slow = 0;
  assert.equal((await stateOf(page)).marketing, false);
});

test("r24: where the site leaves it to the visitor, loading anew is offered", async () => {
  const { page, accept } = await visit({
    body: TAG + TEXT + RUNS,
    config: { withdrawal: { reload: "offer", hook: "" } },
  });
  await accept.click();
  // Once, however often the visitor changes between yes and no in that moment.
  await page.evaluate("consent.withdraw(), consent.set({ marketing: true }), consent.withdraw()");
  const again = page.getByRole("button", { name: "Load again" });
  await again.waitFor();
  await wait(page);
  assert.equal(await again.count(), 1);
  await page.getByRole("status").filter({ hasText: "until the page is loaded again" }).waitFor();
  assert.equal(await page.evaluate("window.running"), true);
  assert.equal((await stateOf(page)).marketing, false);
  const anew = page.waitForEvent("load");
  await again.click();
  await anew;
  assert.equal(await page.evaluate("window.running"), undefined);
});

// --- The note of a minor version ------------------------------------------------------------------

const NOTE = "Our provider of statistics has a new name.";
const NOTED = { notice: { version: 7, text: NOTE } };

test("r29: who chose before a note is told it once; it is no choice, and nothing lasts longer", async () => {
  const { cookies } = earlier({ days: 3 });
  const { page, one } = await visit({ ...PAGE, config: NOTED, cookies: [] });
  await one.waitFor();
  assert.equal(await page.getByText(NOTE).count(), 0, "not while layer one is shown");
  await page.context().addCookies(cookies.map((cookie) => ({ ...cookie, url: servers.url })));
  await page.reload();
  await page.getByText(NOTE).waitFor();
  const { value = "", expires = 0 } = (await choiceCookie(page)) ?? {};
  assert.equal(value, cookies[0].value.replace(/^1\.6/, "1.7"));
  assert.ok(Math.abs((expires - Date.now() / 1000) / 86400 - 179) < 0.01, String(expires));
  assert.equal(await page.getByRole("link", { name: "All cookies and providers" }).count(), 1);
  await page.getByRole("button", { name: "Close" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText(NOTE).waitFor({ state: "detached" });
  await page.reload();
  await wait(page);
  assert.equal(await page.getByText(NOTE).count(), 0);
  assert.deepEqual(servers.receipts(), []);
  assert.equal(await one.count(), 0);
});

test("r32: where the service sets the choice cookie, a note told leaves that to the byte, and is told once", async () => {
  const near = servers.url.replace("localhost", "127.0.0.1");
  const { page } = await visit({ ...PAGE, config: NOTED });
  const [{ name, value }] = earlier({ days: 3 }).cookies;
  const expires = Math.floor(Date.now() / 1000) + 179 * 86400;
  await page.context().addCookies([{ name, value, expires, domain: "127.0.0.1", path: "/" }]);
  await page.goto(near);
  await page.getByText(NOTE).waitFor();
  assert.equal(await page.evaluate("localStorage.consent"), "7");
  await page.reload();
  await wait(page);
  assert.equal(await page.getByText(NOTE).count(), 0);
  const [kept] = (await page.context().cookies(near)).filter((each) => each.name === name);
  assert.deepEqual([kept.value, kept.expires], [value, expires]);
  await page.evaluate("consent.withdraw()");
  await until(() => servers.receipts().length === 1);
  await until(() => page.evaluate("!('consent' in localStorage)"));
});

/** @type {[string, Parameters<typeof earlier>[0]][]} */
const UNTOLD = [
  ["of the version of the note", { version: 7 }],
  ["of a later version", { version: 8 }],
];

for (const [name, choice] of UNTOLD) {
  test(`a choice ${name} is told nothing and loads nothing more`, async () => {
    const { page } = await visit({ ...PAGE, config: NOTED, cookies: earlier(choice).cookies });
    await wait(page);
    assert.equal(await page.getByText(NOTE).count(), 0);
    assert.equal(loaded(), 0);
  });
}

test("r31: a refusal that is told a note stands as long as before", async () => {
  const { cookies } = earlier({ days: 5, granted: 0 });
  const { page } = await visit({ ...PAGE, config: NOTED, cookies });
  await page.getByText(NOTE).waitFor();
  const { value = "", expires = 0 } = (await choiceCookie(page)) ?? {};
  assert.match(value, /^1\.7\.[0-9a-z]+\.0\.1-1-1$/);
  const left = (expires - Date.now() / 1000) / 86400;
  assert.ok(left > 175.9 && left <= 177, String(left));
});

// --- The declaration in a page --------------------------------------------------------------------

test("r37: the declaration stands where a page wants it, and follows the choice", async () => {
  const { page, accept, two } = await visit({
    body: `${TAG}<main><h2>Cookies</h2><div data-consent-declaration></div></main>`,
  });
  const declaration = page.locator("[data-consent-declaration]");
  await declaration.getByRole("heading", { name: "Statistics" }).waitFor();
  assert.equal(await declaration.getByText("_ga_*").count(), 1);
  assert.equal(await declaration.getByText("AdPix Ltd (SE)").count(), 1);
  assert.equal(await declaration.getByText("Not allowed.").count(), 3);
  await accept.click();
  await declaration.getByText("Your receipt").waitFor();
  assert.equal(await declaration.getByText("Not allowed.").count(), 0);
  await declaration.getByRole("button", { name: "Cookie settings" }).click();
  await two.waitFor();
});

test("the declaration works where it is inserted later, and nothing is loaded for it before", async () => {
  const { page, reject } = await visit(PAGE);
  await reject.click();
  await wait(page);
  assert.equal(loaded(), 0);
  await page.evaluate(() =>
    document.body.insertAdjacentHTML("beforeend", "<section data-consent-declaration></section>"),
  );
  await page.locator("[data-consent-declaration] h3").first().waitFor();
  await page.evaluate("document.body.append(document.createElement('p'))");
  await wait(page, 200);
  assert.equal(await page.locator("[data-consent-declaration] h3").count(), 5);
});

// --- Looks ----------------------------------------------------------------------------------------

test("r33: the button that opens the settings stands in its corner, and not while a layer is shown", async () => {
  for (const button of /** @type {const} */ (["start", "end"])) {
    const { page, one, two, reject, context } = await visit({
      ...PAGE,
      config: { theme: { ...theme, button } },
    });
    const opener = page.getByRole("navigation").getByRole("button", { name: "Cookie settings" });
    await one.waitFor();
    assert.equal(await opener.count(), 0);
    await reject.click();
    await opener.waitFor();
    const box = await opener.boundingBox();
    const { width } = /** @type {{ width: number }} */ (page.viewportSize());
    assert.ok(box && (button === "start" ? box.x < 40 : box.x + box.width > width - 40));
    await opener.click();
    await two.waitFor();
    assert.equal(await opener.count(), 0);
    await escape(page);
    await opener.waitFor();
    await page.goto(`${servers.url}/two`);
    assert.deepEqual(await opener.boundingBox(), box);
    await context.close();
  }
});

test("r53: the button does not lie over what has the focus", async () => {
  const { page, reject } = await visit({
    body: `${TAG}<div style="height: 1200px">tall</div><a id="last" href="#x"
      style="display: block">a link as wide as the page</a>`,
    config: { theme: { ...theme, button: "end" } },
  });
  await reject.click();
  await page.getByRole("navigation").waitFor();
  await page.locator("#last").focus();
  const free = await page.evaluate(() => {
    const box = /** @type {Element} */ (document.querySelector("#last")).getBoundingClientRect();
    return document.elementFromPoint(box.right - 40, box.top + box.height / 2)?.id;
  });
  assert.equal(free, "last");
});

for (const layout of /** @type {const} */ (["bar", "card", "centred"])) {
  test(`r08 r10: ${layout}: the theme is worn, and the buttons are equal in every width`, async () => {
    const light = { back: "#fff8e7", ink: "#222222", act: "#7a1f1f" };
    for (const width of [320, 768, 1440]) {
      const { one, context } = await visit({
        ...PAGE,
        options: { viewport: { width, height: 800 } },
        config: { theme: { ...theme, layout, scheme: "light", light, radius: 3 } },
      });
      const looks = await one.locator(".acts button").evaluateAll((all) =>
        all.map((each) => {
          const { backgroundColor, color, borderRadius, fontSize, fontWeight } =
            getComputedStyle(each);
          const { width, height } = each.getBoundingClientRect();
          const size = [width, height].map((side) => Math.round(side));
          return JSON.stringify([backgroundColor, color, borderRadius, fontSize, fontWeight, size]);
        }),
      );
      assert.equal(looks.length, 3);
      assert.equal(new Set(looks).size, 1, looks.join("\n"));
      assert.match(looks[0], /rgb\(122, 31, 31\).*rgb\(255, 248, 231\).*3px/);
      const box = await one.boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= width && box.y + box.height <= 800);
      await context.close();
    }
  });
}

for (const [scheme, device, dark] of /** @type {const} */ ([
  ["auto", "light", false],
  ["auto", "dark", true],
  ["light", "dark", false],
  ["dark", "light", true],
])) {
  test(`the scheme ${scheme} on a ${device} device is ${dark ? "dark" : "light"}`, async () => {
    const { one } = await visit({
      ...PAGE,
      options: { colorScheme: device },
      config: { theme: { ...theme, scheme } },
    });
    const back = await one.evaluate((section) => getComputedStyle(section).backgroundColor);
    assert.equal(back, dark ? "rgb(23, 29, 38)" : "rgb(255, 255, 255)");
  });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`r52: axe finds nothing on strip, button and declaration, ${colorScheme}`, async () => {
    const { page } = await visit({
      body: `${TAG}<main><h1>Tea</h1><h2>Cookies</h2><div data-consent-declaration></div></main>`,
      config: { ...NOTED, theme: { ...theme, button: "end" } },
      cookies: earlier().cookies,
      options: { colorScheme },
    });
    await page.getByText(NOTE).waitFor();
    await page.locator("[data-consent-declaration] h3").first().waitFor();
    await page.evaluate(AXE);
    /** What is wrong now. */
    const found = () =>
      page.evaluate(async () => {
        const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
        const { violations } = await /** @type {any} */ (window).axe.run(document, { runOnly: tags });
        return violations.map((/** @type {any} */ { id, nodes }) => [id, nodes[0].html]);
      });
    assert.deepEqual(await found(), []);
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("navigation").getByRole("button").waitFor();
    assert.deepEqual(await found(), []);
  });
}

// --- Other tabs, frames, ways of loading ----------------------------------------------------------

/** Whether the page is looked at. @param {import("playwright-core").Page} page */
const look = (page) =>
  page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));

test("a tab that is come back to does as another tab chose, both ways", async () => {
  const { page, context, one, accept } = await visit({
    body: `${TAG}${TEXT}<iframe data-consent="marketing" data-consent-src="{third}/film.html" title="Film"></iframe>`,
  });
  await one.waitFor();
  const other = await context.newPage();
  await other.goto(`${servers.url}/two`);
  await accept.click();
  await until(() => servers.receipts().length === 1);
  await until(() => requested().length === 1);
  await look(other);
  await until(() => requested().length === 2, "the other tab's embed");
  assert.equal(await other.getByRole("region").count(), 0);
  assert.equal((await stateOf(other)).marketing, true);
  await other.evaluate("consent.withdraw()");
  await until(() => servers.receipts().length === 2);
  await look(page);
  await page.frameLocator("iframe").getByRole("button", { name: "Load this once" }).waitFor();
  assert.equal((await stateOf(page)).marketing, false);
  await wait(page, 200);
  assert.equal(servers.receipts().length, 2, "agreeing is no choice");
});

test("a first choice is never without its cookie until its receipt is stored: another tab may look", async () => {
  const { page, context, accept } = await visit({ body: TEXT });
  await context.addInitScript(() => {
    const { get, set } = /** @type {any} */ (
      Object.getOwnPropertyDescriptor(Document.prototype, "cookie")
    );
    const writes = /** @type {string[]} */ (Object.assign(window, { writes: [] }).writes);
    Object.defineProperty(document, "cookie", {
      get: () => get.call(document),
      set: (text) => (writes.push(text), set.call(document, text)),
    });
  });
  servers.state.pages["/"] = html(TAG + TEXT);
  await page.goto(servers.url);
  await accept.click();
  await until(async () => !/[.]p$/.test((await choiceCookie(page))?.value ?? ".p"));
  const writes = /** @type {string[]} */ (await page.evaluate("window.writes"));
  assert.equal(writes.length, 2, "the choice, then that it is stored");
  assert.ok(writes.every((text) => /^consent=1[.]/.test(text)));
});

test("r03: a page that is rendered before anybody looks asks, sends and runs nothing until then", async () => {
  const { page, context, one } = await visit({ body: TEXT });
  await context.addInitScript(() => {
    let before = true;
    Object.defineProperty(Document.prototype, "prerendering", { get: () => before });
    Object.assign(window, {
      activate() {
        before = false;
        document.dispatchEvent(new Event("prerenderingchange"));
      },
    });
  });
  servers.state.pages["/"] = html(TAG + TEXT + CARRIERS);
  const { cookies } = earlier({ granted: 2 });
  await context.addCookies(cookies.map((cookie) => ({ ...cookie, url: servers.url })));
  await page.goto(servers.url);
  await wait(page);
  assert.deepEqual(requested(), []);
  assert.equal(await page.evaluate("window.consent"), undefined);
  await page.evaluate("activate()");
  await until(() => requested().length === 7);
  assert.equal(await one.count(), 0);
});

test("in a third party's frame, where cookies are blocked, the page works and a choice holds there", async () => {
  const { page } = await visit({ body: TEXT });
  servers.state.pages["/frame"] = html(TAG + TEXT);
  await page.evaluate(
    (url) => {
      const frame = document.createElement("iframe");
      frame.sandbox.add("allow-scripts");
      frame.src = url;
      frame.width = frame.height = "600";
      document.body.prepend(frame);
    },
    `${servers.url}/frame`,
  );
  const frame = page.frameLocator("iframe");
  await frame.getByRole("button", { name: "Accept all" }).click();
  await until(() => servers.receipts().length === 1);
  const [, inside] = page.frames();
  assert.equal(await inside.evaluate("consent.has('marketing')"), true);
  assert.deepEqual((await stored(page)).cookies, []);
});

test("an old tag beside a new one: the first to run is the one banner", async () => {
  const old = `<script>window.consent = { withdraw() {}, get: () => "old", push() {} }</script>`;
  const { page, one } = await visit({ body: old + TAG + TEXT });
  await wait(page);
  assert.equal(await one.count(), 0);
  assert.equal(await page.evaluate("consent.get()"), "old");
});

test("where the service lies on the page's own host the choice cookie is sent along, and nowhere else", async () => {
  const { page, accept } = await visit(PAGE);
  await accept.click();
  await until(() => servers.receipts().length === 1);
  const posts = () => servers.service.asked.filter(({ method }) => method === "POST");
  assert.equal(posts()[0].headers.cookie, undefined);
  const near = servers.url.replace("localhost", "127.0.0.1");
  await page.goto(near);
  await page.getByRole("button", { name: "Accept all" }).click();
  await until(() => posts().length === 2);
  assert.match(posts()[1].headers.cookie ?? "", /^consent=1\.7\./);
});
