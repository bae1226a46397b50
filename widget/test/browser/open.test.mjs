/** Layer two is a file of its own: when it is loaded, and what stands in where it cannot be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TAG, TEXT } from "../harness.mjs";
import { choiceCookie, servers, setUp, stateOf, until, visit, wait } from "./visit.mjs";

setUp();

const HASHED = /\/banner\/[\w-]{43}\.js$/;
const asked = () => servers.service.asked.filter(({ url }) => HASHED.test(url)).length;
const PAGE = { body: TAG + TEXT };

test("nobody loads layer two who does not come near it, and who opens it twice loads it once", async () => {
  const { page, one, choose, two, reject } = await visit(PAGE);
  await one.waitFor();
  await wait(page);
  assert.equal(asked(), 0);
  await choose.hover();
  await until(() => asked() === 1, "fetched before the press");
  assert.equal(await two.count(), 0);
  await choose.click();
  await two.waitFor();
  await two.getByRole("button", { name: "Close" }).click();
  await page.evaluate("consent.open(); consent.open()");
  await two.waitFor();
  assert.equal(await two.count(), 1);
  await two.getByRole("button", { name: "Close" }).click();
  await reject.click();
  await wait(page);
  assert.equal(asked(), 1);
});

test("a return visit loads nothing beside the banner", async () => {
  const { page, reject } = await visit(PAGE);
  await reject.click();
  await until(() => servers.receipts().length === 1);
  servers.service.asked.length = 0;
  await page.reload();
  await wait(page);
  assert.deepEqual(
    servers.service.asked.map(({ url }) => url),
    ["/v1/sites/shop/banner.js"],
  );
});

/** @type {Record<string, (route: import("playwright-core").Route) => unknown>} */
const BROKEN = {
  "cannot be reached": (route) => route.abort(),
  "is not there": (route) => route.fulfill({ status: 404, body: "" }),
  "is other bytes than the banner names": async (route) => {
    const answer = await route.fetch();
    const body = `alert(1);${await answer.text()}`;
    await route.fulfill({ response: answer, body });
  },
  "does not come": () => {},
};

for (const [name, answer] of Object.entries(BROKEN)) {
  test(`r24 r33: where layer two ${name}, layer one comes again, and a yes is withdrawn there`, async () => {
    const { page, context, accept, one, two, settings } = await visit(PAGE);
    await accept.click();
    await until(() => servers.receipts().length === 1);
    await context.route(HASHED, answer);
    await settings.click();
    await one.waitFor();
    assert.equal(await two.count(), 0);
    assert.ok(await one.evaluate((section) => section.matches(":focus")));
    await one.getByRole("button", { name: "Close" }).click();
    await one.waitFor({ state: "detached" });
    assert.equal((await stateOf(page)).marketing, true);
    assert.equal(servers.receipts().length, 1);
    await settings.click();
    await one.getByRole("button", { name: "Reject all" }).click();
    await until(() => servers.receipts().length === 2);
    assert.equal(servers.receipts()[1].action, "withdraw");
    assert.match((await choiceCookie(page))?.value ?? "", /\.0\.1-1-1$/);
    await context.unroute(HASHED);
    await settings.click();
    if (name !== "does not come") await two.waitFor();
  });
}

test("before a choice layer one stays where layer two cannot be had, and asks as before", async () => {
  const { page, context, one, choose, accept } = await visit(PAGE);
  await context.route(HASHED, (route) => route.abort());
  await choose.click();
  await until(async () => one.evaluate((section) => section.matches(":focus")));
  assert.equal(await page.getByRole("region").count(), 1);
  await accept.click();
  await until(() => servers.receipts().length === 1);
});

test("what comes late stays away, and opens at the next press", async () => {
  const { page, context, reject, one, two, settings } = await visit(PAGE);
  await reject.click();
  /** @type {() => void} */
  let release = () => {};
  const held = new Promise((done) => (release = () => done(undefined)));
  await context.route(HASHED, async (route) => {
    await held;
    await route.continue();
  });
  await settings.click();
  await one.waitFor();
  release();
  await until(() => asked() === 1);
  await wait(page);
  assert.equal(await two.count(), 0);
  await settings.click();
  await two.waitFor();
  assert.equal(asked(), 1);
});

test("closing before layer two has come keeps it closed", async () => {
  const { page, two, one } = await visit(PAGE);
  await one.waitFor();
  await page.evaluate("consent.open(); consent.close()");
  await until(() => asked() === 1);
  await wait(page);
  assert.equal(await two.count(), 0);
  assert.equal(await one.count(), 0);
});
