/** Withdrawing, failing, lapsing, asking again: what ends a grant, and what is left then. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { declaration } from "../fixture.mjs";
import { TAG, TEXT } from "../harness.mjs";
import {
  CARRIERS,
  choiceCookie,
  earlier,
  EPOCHS,
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

/** @type {Parameters<typeof declaration>} */
const BASE = ["c_marketing", "marketing", "AdPix Ltd", "Recognises you.", "3 months"];
const DECLARED = [
  ...["c_preferences", "c_statistics"].map((name) =>
    declaration(
      name,
      name === "c_statistics" ? "statistics" : "preferences",
      "Nordlund Tea AB",
      "x",
      "1 day",
    ),
  ),
  declaration(...BASE),
  { ...declaration(...BASE), name: "wild_*" },
  { ...declaration(...BASE), name: "wild_kept", category: /** @type {const} */ ("statistics") },
  { ...declaration(...BASE), name: "local_*", storage: /** @type {const} */ ("local_storage") },
  { ...declaration(...BASE), name: "tab", storage: /** @type {const} */ ("session_storage") },
  { ...declaration(...BASE), name: "ads-*", storage: /** @type {const} */ ("indexed_db") },
];

/** What tags of marketing leave behind, in the places that they can reach. */
const LEAVINGS = `<script type="text/plain" data-consent="marketing">
  for (const name of ["wild_1", "wild_2", "wild_kept", "undeclared"]) document.cookie = name + "=1; path=/";
  document.cookie = "wild_path=1; path=/deep/down";
  document.cookie = "wild_dir=1; path=/deep/";
  document.cookie = "wild_domain=1; path=/; domain=shop.localhost";
  localStorage.local_ads = 1; localStorage.own = 1; sessionStorage.tab = 1;
  indexedDB.open("ads-1"); indexedDB.open("own");
  setInterval(() => fetch("{third}/beacon"), 50);
</script>`;

test("r24 r34: withdrawing stops what runs, deletes what was declared, and tells the service", async () => {
  const { page, accept } = await visit({
    body: TAG + TEXT + CARRIERS + LEAVINGS,
    config: { declarations: DECLARED },
  });
  servers.state.pages["/deep/down/page"] = servers.state.pages["/"];
  const url = `http://www.shop.localhost:${servers.site.port}/deep/down/page`;
  await page.goto(url);
  await accept.click();
  await until(() => requested().includes("/beacon"));
  await until(() => servers.receipts().length === 1);
  await until(async () => (await stored(page)).databases.length === 2);
  assert.equal((await stored(page)).cookies.length, 11);
  await page.evaluate(() =>
    document.addEventListener("consent:change", ({ detail }) => {
      document.title = `denied ${detail.marketing}`;
      localStorage.heard = document.title;
    }),
  );
  await page.getByRole("link", { name: "Cookie settings" }).click();
  const loaded = page.waitForEvent("load");
  await page.getByRole("dialog").getByRole("button", { name: "Reject all" }).click();
  await loaded;
  // A browser deletes a database in its own time, and a receipt outlives its page.
  await until(async () => (await stored(page)).databases.length === 1);
  await until(() => servers.receipts().length === 2);
  const left = await stored(page);
  assert.deepEqual(left.cookies, ["consent", "undeclared"]);
  assert.deepEqual(left.local.sort(), ["heard", "own"]);
  assert.deepEqual(left.session, []);
  assert.deepEqual(left.databases, ["own"]);
  servers.third.asked.length = 0;
  await wait(page);
  assert.deepEqual(requested(), []);
  const [given, withdrawn] = servers.receipts();
  assert.equal(withdrawn.action, "withdraw");
  assert.equal(withdrawn.previous, given.id);
  assert.equal(await page.evaluate("localStorage.heard"), "denied false");
  assert.equal((await stateOf(page)).decided, true);
});

test("r24: an item that is also declared for a kept category stays", async () => {
  const { page, toggle, save, settings, accept } = await visit({
    body: TAG + TEXT + LEAVINGS,
    config: { declarations: DECLARED },
  });
  await accept.click();
  await until(async () => (await stored(page)).cookies.includes("wild_kept"));
  await settings.click();
  await toggle("Marketing").click();
  const loaded = page.waitForEvent("load");
  await save.click();
  await loaded;
  const { cookies } = await stored(page);
  assert.ok(cookies.includes("wild_kept"));
  assert.ok(!cookies.includes("wild_1"));
  await until(() => servers.receipts().length > 1);
  assert.equal(servers.receipts()[1].action, "withdraw");
  assert.equal(servers.receipts()[1].choices.statistics, true);
});

test("r24: embeds go back to their placeholders, without a reload where no script ran", async () => {
  const frame = `<iframe id="film" data-consent="marketing" data-consent-src="{third}/film.html" title="A film"></iframe>
    <img id="pixel" data-consent="marketing" data-consent-src="{third}/p.gif" alt="">
    <template data-consent="marketing"><b id="inner">Hello</b></template>`;
  const { page, accept } = await visit({ body: TAG + TEXT + frame });
  await accept.click();
  await page.frameLocator("#film").getByText("Hi").waitFor();
  await page.locator("#inner").waitFor();
  await page.evaluate("window.same = true");
  await page.evaluate("consent.withdraw()");
  await page.frameLocator("#film").getByRole("button", { name: "Load this once" }).waitFor();
  assert.equal(await page.locator("#film").getAttribute("src"), null);
  assert.equal(await page.locator("#pixel").getAttribute("src"), null);
  assert.equal(await page.locator("#inner").count(), 0);
  await until(() => servers.receipts().length === 2);
  assert.equal(servers.receipts()[1].source, "api");
  assert.equal(await page.evaluate("window.same"), true);
  assert.equal((await choiceCookie(page))?.value.split(".")[3], "0");
});

test("r25: one embed can be loaded by itself: once, with no choice stored or sent", async () => {
  const frames = ["one", "two"].map(
    (
      name,
    ) => `<iframe id="${name}" data-consent="marketing" title="Film ${name}" width="400" height="225"
      data-consent-src="{third}/${name}.html"></iframe>`,
  );
  const { page } = await visit({ body: TAG + frames.join("") + TEXT });
  const size = () => page.locator("#one").boundingBox();
  const before = await size();
  const placeholder = page.frameLocator("#one");
  await placeholder.getByText("“Film one” is held back.").waitFor();
  assert.deepEqual(requested(), []);
  await placeholder.getByRole("button", { name: "Load this once" }).click();
  await placeholder.getByText("Hi").waitFor();
  assert.deepEqual(await size(), before);
  await wait(page, 200);
  assert.deepEqual(requested(), ["/one.html"]);
  assert.deepEqual(servers.receipts(), []);
  assert.deepEqual((await stored(page)).cookies, []);
  await page.reload();
  await placeholder.getByRole("button", { name: "Load this once" }).waitFor();
  assert.deepEqual(requested(), ["/one.html"]);
});

test("r37: a placeholder names the provider that would learn of the visit", async () => {
  const { page } = await visit({
    body: `${TAG}${TEXT}<iframe id="film" title="A film" data-consent="marketing"
      data-consent-src="https://video.ads.example/1"></iframe>`,
  });
  await page.frameLocator("#film").getByText("AdPix Ltd (video.ads.example)").waitFor();
});

for (const answer of [403, 404, 409, 410, 413, 415, 422]) {
  test(`r47: a grant that is answered ${answer} is not used, and is asked again`, async () => {
    const pixel = `<img data-consent="marketing" data-consent-src="{third}/p.gif" alt="">`;
    const { page, accept, one } = await visit({ answer, body: TAG + TEXT + pixel });
    await accept.click();
    await one.getByText("could not be recorded").waitFor();
    assert.equal(await page.locator("img").getAttribute("src"), null);
    assert.equal(await choiceCookie(page), undefined);
    assert.equal((await stateOf(page)).marketing, false);
    assert.deepEqual(await stored(page), { cookies: [], local: [], session: [], databases: [] });
    servers.third.asked.length = 0;
    await page.reload();
    await one.waitFor();
    await wait(page, 200);
    assert.deepEqual(requested(), []);
  });
}

test("r47: what ran for a grant that cannot be stored is stopped, and what it left deleted", async () => {
  const { page, accept, one } = await visit({
    answer: 410,
    body: TAG + TEXT + LEAVINGS,
    config: { declarations: DECLARED.map((item) => ({ ...item, category: "marketing" })) },
  });
  const loaded = page.waitForEvent("load");
  await accept.click();
  await loaded;
  await one.waitFor();
  servers.third.asked.length = 0;
  await wait(page);
  assert.deepEqual(requested(), []);
  // What lies on a path that this page cannot see can only be deleted from there.
  assert.deepEqual((await stored(page)).cookies, ["undeclared", "wild_dir", "wild_path"]);
});

for (const answer of /** @type {const} */ ([500, 503, "drop"])) {
  test(`r47: a grant met by ${answer} holds, is kept, and is sent again by the next page`, async () => {
    const { page, accept, one } = await visit({ answer, body: TAG + TEXT });
    await accept.click();
    await until(() => servers.receipts().length === 1);
    assert.match((await choiceCookie(page))?.value ?? "", /\.p$/);
    assert.deepEqual((await stored(page)).local, ["consent"]);
    const before = await choiceCookie(page);
    servers.state.answer = 200;
    await page.goto(`${servers.url}/two`);
    await until(() => servers.receipts().length === 2);
    await until(async () => !(await stored(page)).local.length);
    const [first, second] = servers.receipts();
    assert.deepEqual(first, second);
    const after = await choiceCookie(page);
    assert.equal(`${after?.value}.p`, before?.value);
    assert.ok(Math.abs((after?.expires ?? 0) - (before?.expires ?? 0)) <= 1);
    assert.equal(await one.count(), 0);
  });
}

test("r47: the same page sends it again by itself", async () => {
  const { page, accept } = await visit({ answer: 503, body: TAG + TEXT });
  await accept.click();
  await until(() => servers.receipts().length === 1);
  servers.state.answer = 201;
  await until(() => servers.receipts().length === 2);
  await until(async () => !(await choiceCookie(page))?.value.endsWith(".p"));
});

test("r47: a refusal that cannot be stored stands, and nothing of it is kept but the refusal", async () => {
  for (const answer of /** @type {const} */ ([503, 410])) {
    const { page, reject, one, context } = await visit({ answer, body: TAG + TEXT });
    await reject.click();
    await until(() => servers.receipts().length === 1);
    assert.deepEqual(await stored(page), {
      cookies: ["consent"],
      local: [],
      session: [],
      databases: [],
    });
    // The page itself goes on trying: only what comes after it is the next one's.
    await page.goto("about:blank");
    servers.service.asked.length = 0;
    await page.goto(servers.url);
    await wait(page, 200);
    assert.equal(await one.count(), 0);
    assert.deepEqual(servers.receipts(), []);
    await context.close();
  }
});

const LOST = {
  "is a day old": { days: 1.01, keep: true },
  "has lost its receipt": { days: 0.1, keep: false },
};

for (const [name, { days, keep }] of Object.entries(LOST)) {
  test(`r47: a grant that was never stored and ${name} lapses before anything runs`, async () => {
    const { cookies, id } = earlier({ days, pending: true });
    const { page, one } = await visit({ body: TEXT, cookies });
    if (keep)
      await page.evaluate(
        (receipt) => localStorage.setItem("consent", receipt),
        JSON.stringify({ id }),
      );
    const { html } = { html: servers.state.pages["/two"].replace(TEXT, TAG + TEXT + CARRIERS) };
    servers.state.pages["/two"] = html;
    await page.goto(`${servers.url}/two`);
    await one.getByText("could not be recorded").waitFor();
    assert.deepEqual(requested(), []);
    assert.deepEqual(servers.receipts(), []);
    assert.deepEqual((await stored(page)).local, []);
    assert.equal(await choiceCookie(page), undefined);
  });
}

/** @type {[string, Parameters<typeof earlier>[0], boolean][]} */
const STANDING = [
  ["a grant of 181 days stands", { days: 181 }, false],
  ["a grant of 183 days lapses", { days: 183 }, true],
  ["a refusal of 181 days stands", { days: 181, granted: 0 }, false],
  ["a refusal of 183 days lapses", { days: 183, granted: 0 }, true],
];

for (const [name, choice, asks] of STANDING) {
  test(`r30 r31: ${name}`, async () => {
    const { cookies } = earlier(choice);
    const { page, one } = await visit({ cookies });
    const runs = !asks && choice?.granted !== 0;
    if (runs) await until(() => requested().length > 0);
    await wait(page);
    assert.equal(await one.count(), asks ? 1 : 0);
    assert.equal(requested().length > 0, runs);
  });
}

/** @type {import("../../types/internal.js").Config["changes"]} */
const CHANGES = {
  marketing: [
    { epoch: 2, kind: "added", name: "_old", provider: "Known Ltd" },
    { epoch: 3, kind: "added", name: "_adpix", provider: "AdPix Ltd" },
    { epoch: 3, kind: "longer", name: "_ads", provider: "AdPix Ltd" },
    { epoch: 3, kind: "country", name: "_x" },
    { epoch: 3, kind: "moved", name: "_y" },
    { epoch: 3, kind: "text" },
  ],
};
const RISEN = { epochs: { preferences: 1, statistics: 1, marketing: 3 }, changes: CHANGES };
const ANSWERED = { ...EPOCHS, marketing: 2 };

test("r29: who granted what changed is told what, and only that is held until the answer", async () => {
  const { cookies, id } = earlier({ epochs: ANSWERED });
  const { page, one } = await visit({ cookies, config: RISEN });
  await one.getByText("What has changed since your choice").waitFor();
  const told = await one.locator(".news li").allTextContents();
  assert.deepEqual(told, [
    "New: _adpix (AdPix Ltd)",
    "Kept longer: _ads (AdPix Ltd)",
    "Recipient in another country: _x",
    "and 2 more",
  ]);
  assert.deepEqual(await one.locator("b").allTextContents(), ["Marketing"]);
  await until(() => requested().length === 14);
  assert.ok(requested().every((path) => !path.includes("marketing")));
  await one.getByRole("button", { name: "Choose" }).click();
  const on = page.getByRole("switch", { checked: true });
  await page.getByRole("dialog").waitFor();
  assert.equal(await on.count(), 3);
  assert.equal(await page.getByRole("switch", { name: "Marketing" }).isChecked(), false);
  await escape(page);
  await one.getByRole("button", { name: "Reject", exact: true }).click();
  await until(() => servers.receipts().length === 1);
  await recorded(page);
  const [receipt] = servers.receipts();
  assert.equal(receipt.action, "custom");
  assert.equal(receipt.previous, id);
  assert.deepEqual(receipt.choices, {
    necessary: true,
    preferences: true,
    statistics: true,
    marketing: false,
  });
  await page.reload();
  await wait(page);
  assert.equal(await one.count(), 0);
});

test("r29: who accepts what changed has everything again", async () => {
  const { cookies } = earlier({ epochs: ANSWERED });
  const { one } = await visit({ cookies, config: RISEN });
  await one.getByRole("button", { name: "Accept", exact: true }).click();
  await until(() => requested().length === 21 && servers.receipts().length === 1);
  assert.equal(servers.receipts()[0].action, "accept_all");
});

test("r29 r30: who refused is not asked, whatever changed", async () => {
  for (const granted of [0, 1, 2, 3]) {
    const { cookies } = earlier({ granted, epochs: ANSWERED });
    const { page, one, context } = await visit({ cookies, config: RISEN });
    await wait(page, 200);
    assert.equal(await one.count(), 0);
    await context.close();
  }
});

/** @type {[string, Parameters<typeof earlier>[0], boolean][]} */
const SIGNALLED = [
  ["a grant from before the signal", {}, false],
  ["a grant made despite the signal", { signal: true }, true],
];

for (const [name, choice, runs] of SIGNALLED) {
  test(`r07: ${name} ${runs ? "holds" : "is held off for marketing"}`, async () => {
    const { cookies } = earlier(choice);
    const { page, one } = await visit({ cookies, signal: true });
    await until(() => requested().length === (runs ? 21 : 14));
    await wait(page, 200);
    assert.equal((await stateOf(page)).marketing, runs);
    assert.equal(await one.count(), 0);
    assert.deepEqual(servers.receipts(), []);
  });
}

test("r07: the signal is honoured before any tag, said in words, and stores nothing by itself", async () => {
  const { page, one, accept } = await visit({ signal: true });
  await one.getByText("It is honoured: marketing stays off").waitFor();
  await page.getByRole("status").filter({ hasText: "It is honoured" }).waitFor();
  assert.deepEqual((await stored(page)).cookies, []);
  assert.deepEqual(servers.receipts(), []);
  await accept.click();
  await until(() => requested().length === 14 && servers.receipts().length === 1);
  await wait(page, 200);
  assert.ok(requested().every((path) => !path.includes("marketing")));
  const [receipt] = servers.receipts();
  assert.equal(receipt.action, "custom");
  assert.equal(receipt.gpc, true);
  assert.deepEqual(receipt.choices, {
    necessary: true,
    preferences: true,
    statistics: true,
    marketing: false,
  });
});

test("r07: only marketing's own switch turns it on under the signal, and then it holds", async () => {
  const { page, choose, two, toggle, one } = await visit({ signal: true });
  await choose.click();
  await two.getByText("Off: your browser’s signal.").waitFor();
  await two.getByRole("button", { name: "Accept all" }).click();
  await until(() => servers.receipts().length === 1);
  assert.equal(servers.receipts()[0].choices.marketing, false);
  await page.getByRole("link", { name: "Cookie settings" }).click();
  await toggle("Marketing").click();
  await two.getByRole("button", { name: "Save choices" }).click();
  await until(() => servers.receipts().length === 2 && requested().length === 21);
  assert.equal(servers.receipts()[1].choices.marketing, true);
  await page.reload();
  await wait(page);
  assert.equal((await stateOf(page)).marketing, true);
  assert.equal(await one.count(), 0);
});
