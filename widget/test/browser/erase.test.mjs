/** The visitor has the receipt erased, from the very browser that holds its number. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { declaration } from "../fixture.mjs";
import { TAG, TEXT } from "../harness.mjs";
import {
  choiceCookie,
  earlier,
  escape,
  requested,
  servers,
  setUp,
  stateOf,
  stored,
  until,
  visit,
} from "./visit.mjs";

setUp();

const DECLARED = [declaration("c_ads", "marketing", "AdPix Ltd", "Recognises you.", "3 months")];
const MARKED = `<script type="text/plain" data-consent="marketing">
  document.cookie = "c_ads=1; path=/"; setInterval(() => fetch("{third}/beacon"), 50);
</script>`;
const PIXEL = `<img data-consent="marketing" data-consent-src="{third}/p.gif" alt="">`;

/** Layer two, with what erasing says. @param {import("playwright-core").Page} page */
const parts = (page) => ({
  summary: page.getByText("Erase this receipt"),
  told: page.getByText("Nobody can show your consent then"),
  now: page.getByRole("button", { name: "Erase and withdraw" }),
  failed: page.getByText("It could not be erased, and nothing has changed."),
  gone: page.getByText("The receipt is gone, and your consent is withdrawn."),
});

/** @param {Parameters<typeof visit>[0]} asked */
async function returning(asked) {
  const { id, cookies } = earlier();
  const visited = await visit({ body: TAG + TEXT + PIXEL, cookies, ...asked });
  await visited.settings.click();
  return { id, ...visited, ...parts(visited.page) };
}

test("r60 r35: by keyboard alone it is told what follows, confirmed in place, and done", async () => {
  const { page, id, summary, told, now, gone, two, settings } = await returning({});
  assert.equal(await told.isVisible(), false);
  await summary.focus();
  await page.keyboard.press("Enter");
  await told.waitFor();
  await page.keyboard.press("Tab");
  assert.ok(await now.evaluate((button) => button.matches(":focus")));
  await page.keyboard.press("Enter");
  await gone.waitFor();
  assert.equal(await two.count(), 0);
  assert.ok(await settings.evaluate((link) => link.matches(":focus")));
  const [asked, ...more] = servers.erasures();
  assert.deepEqual([asked.method, asked.url, asked.body, more], [
    "POST",
    `/v1/sites/shop/receipts/${id}/erasure`,
    "",
    [],
  ]);
  assert.equal(asked.headers.cookie, undefined);
  assert.equal(asked.headers.referer, `${servers.url}/`);
});

test("r24 r32: the consent is withdrawn with it: the choice is a refusal without a number", async () => {
  const { page, summary, now, gone } = await returning({});
  await until(() => requested().includes("/p.gif"));
  await summary.click();
  await now.click();
  await gone.waitFor();
  await until(() => servers.receipts().length === 1);
  const [withdrawn] = servers.receipts();
  assert.deepEqual([withdrawn.action, withdrawn.source], ["withdraw", "preferences"]);
  const urls = servers.service.asked.filter(({ method }) => method === "POST");
  assert.match(urls[0].url, /erasure$/, "the service erases before it hears of the withdrawal");
  assert.match((await choiceCookie(page))?.value ?? "", /\.0\.1-1-1$/);
  assert.deepEqual(await stateOf(page), {
    necessary: true,
    preferences: false,
    statistics: false,
    marketing: false,
    decided: true,
    id: null,
  });
  assert.equal(await page.locator("img").getAttribute("src"), null);
  await page.evaluate("consent.open()");
  await page.getByRole("dialog").waitFor();
  assert.equal(await page.getByText("Your receipt").count(), 0);
});

test("r24: what runs is stopped, and what it left is deleted", async () => {
  const { page, summary, now } = await returning({
    body: TAG + TEXT + MARKED,
    config: { declarations: DECLARED },
  });
  await until(() => requested().includes("/beacon"));
  await summary.click();
  const loaded = page.waitForEvent("load");
  await now.click();
  await loaded;
  assert.deepEqual((await stored(page)).cookies, ["consent"]);
  await until(() => servers.receipts().length === 1);
});

for (const [name, erasure] of Object.entries(
  /** @type {Record<string, number | "drop">} */ ({
    "is out of reach": "drop",
    "refuses the page": 403,
    "is stuck": 503,
  }),
)) {
  test(`r60: where the service ${name} it is said, and nothing has changed`, async () => {
    const { page, id, summary, now, failed, gone } = await returning({ erasure });
    const before = (await choiceCookie(page))?.value;
    await summary.click();
    await now.click();
    await failed.waitFor();
    assert.ok(await now.evaluate((button) => button.matches(":focus")));
    assert.equal((await choiceCookie(page))?.value, before);
    assert.equal((await stateOf(page)).id, id);
    assert.deepEqual(servers.receipts(), []);
    servers.state.erasure = 200;
    await now.click();
    await gone.waitFor();
    assert.equal((await stateOf(page)).id, null);
  });
}

test("r47: a consent whose receipt the service does not have is withdrawn too", async () => {
  const { page, summary, now, gone } = await returning({ erasure: 404 });
  await summary.click();
  await now.click();
  await gone.waitFor();
  assert.equal((await stateOf(page)).marketing, false);
});

test("pressed twice it is asked once, and closing before asks nothing", async () => {
  const { page, context, summary, now, gone, settings, two } = await returning({});
  await summary.click();
  await escape(page);
  assert.deepEqual(servers.erasures(), []);
  await settings.click();
  await two.waitFor();
  /** @type {(() => void)[]} */
  const held = [];
  await context.route("**/erasure", (route) => void held.push(() => void route.continue()));
  await summary.click();
  await now.click();
  await now.click();
  await until(() => held.length > 0);
  held.forEach((go) => go());
  await gone.waitFor();
  await until(() => servers.receipts().length === 1);
  assert.equal(servers.erasures().length, 1);
});

test("there is nothing to erase before a receipt is recorded, nor after a refusal", async () => {
  const visited = await visit({ body: TAG + TEXT, answer: 503 });
  await visited.accept.click();
  await visited.settings.click();
  await visited.page.getByText("Being recorded …").waitFor();
  assert.equal(await parts(visited.page).summary.count(), 0);
  servers.state.answer = 201;
  await visited.two.getByRole("button", { name: "Reject all" }).click();
  await visited.settings.click();
  await visited.page.getByText("Your receipt").waitFor();
  assert.equal(await parts(visited.page).summary.count(), 0);
});

test("in the declaration of a page too, and the focus is not lost with the receipt", async () => {
  const { cookies } = earlier();
  const { page } = await visit({
    body: `${TAG}<main><h2>Cookies</h2><div data-consent-declaration></div></main>`,
    cookies,
  });
  const { summary, now, gone } = parts(page);
  await summary.click();
  await now.click();
  await gone.waitFor();
  assert.equal(await page.getByText("Your receipt").count(), 0);
  const open = page.getByRole("button", { name: "Cookie settings" });
  assert.ok(await open.evaluate((button) => button.matches(":focus")));
});
