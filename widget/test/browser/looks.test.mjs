/** What is seen, heard and reached: equal buttons, keyboard, sizes, accessibility. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { textsOf } from "../fixture.mjs";
import { TAG, TEXT } from "../harness.mjs";
import {
  escape,
  recorded,
  requested,
  servers,
  setUp,
  stateOf,
  until,
  visit,
} from "./visit.mjs";

setUp();

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [
  { width: 320, height: 640 },
  { width: 768, height: 1024 },
  { width: 1440, height: 900 },
];
const SCHEMES = /** @type {const} */ (["light", "dark"]);

/** @param {import("playwright-core").Locator} button */
const lookOf = (button) =>
  button.evaluate((element) => {
    const { width, height } = element.getBoundingClientRect();
    const names = Array.from(getComputedStyle(element));
    const style = Object.fromEntries(
      names.map((name) => [name, getComputedStyle(element).getPropertyValue(name)]),
    );
    // These follow from the width, which is compared below: in columns it differs by 1/64 px.
    for (const name of ["width", "inline-size", "transform-origin", "perspective-origin"])
      delete style[name];
    const rounded = { width: Math.round(width * 10), height: Math.round(height * 10) };
    return { tag: element.tagName, name: element.className, ...rounded, style };
  });

/** Whether all of it is in the window. @param {import("playwright-core").Locator} button */
const inWindow = (button) =>
  button.evaluate((element) => {
    const box = element.getBoundingClientRect();
    const inside =
      box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
    const { shadowRoot } = /** @type {Element} */ (document.body.firstElementChild);
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    return inside && shadowRoot?.elementFromPoint(x, y) === element;
  });

for (const language of ["en", "sv"]) {
  for (const viewport of SIZES) {
    for (const colorScheme of SCHEMES) {
      test(`r08 r09 r10 r17: ${language}, ${viewport.width} px, ${colorScheme}: the buttons are equal and in view`, async () => {
        const { one, two, context } = await visit({ language, options: { viewport, colorScheme } });
        const region = one.page().getByRole("region");
        const { accept, reject, choose, save } = textsOf(language);
        /** @type {[typeof one, string[]][]} */
        const layers = [
          [region, [accept, reject, choose]],
          [two, [save, accept, reject]],
        ];
        for (const [layer, names] of layers) {
          const all = names.map((name) => layer.getByRole("button", { name, exact: true }));
          const [first, ...others] = await Promise.all(all.map(lookOf));
          assert.equal(first.tag, "BUTTON");
          assert.ok(first.height >= 440, String(first.height));
          for (const other of others) assert.deepEqual(other, first);
          for (const button of all) assert.ok(await inWindow(button));
          const parents = new Set(
            await Promise.all(all.map((button) => button.locator("..").getAttribute("class"))),
          );
          assert.deepEqual([...parents], ["acts"]);
          if (names.includes(choose)) await all[2].click();
          // A button under the mouse is underlined.
          await one.page().mouse.move(0, 0);
        }
        await context.close();
      });
    }
  }
}

test("r14 r15: all that must be told comes before the buttons, and one control grants", async () => {
  const { page, one, choose } = await visit();
  const order = await one.evaluate((section) =>
    /** @type {HTMLElement} */ (section).innerText.replace(/\s+/g, " "),
  );
  const told = [
    "Cookies on this site",
    "Necessary Keep your basket",
    "Preferences Remember",
    "Statistics Count",
    "Marketing Let",
    "Nordlund Tea AB is responsible",
    "Third parties involved: 2",
    "All cookies and providers",
    "Rejecting has no disadvantage",
    "change or withdraw your choice at any time under “Cookie settings”",
    "Privacy notice",
    "Accept all",
    "Reject all",
    "Choose",
  ];
  const places = told.map((text) => order.indexOf(text));
  assert.ok(
    places.every((place, index) => place > (places[index - 1] ?? -1)),
    places.join(),
  );
  const links = await one
    .getByRole("link")
    .evaluateAll((all) => all.map((link) => /** @type {any} */ (link).href));
  assert.deepEqual(
    links,
    ["cookies", "privacy"].map((name) => `${servers.serviceUrl}/policies/shop/${name}?lang=en`),
  );
  assert.equal(await one.getByRole("button", { name: "Accept" }).count(), 1);
  await choose.click();
  await page.getByRole("dialog").waitFor();
  assert.equal(await page.getByRole("dialog").getByRole("button", { name: "Accept" }).count(), 1);
});

test("at 320 by 640 layer one takes at most a third of the window, and its text scrolls", async () => {
  for (const language of ["en", "sv"]) {
    const { one, page, context } = await visit({
      language,
      body: TAG + TEXT,
      options: { viewport: SIZES[0] },
    });
    const region = language === "en" ? one : page.getByRole("region");
    const box = await region.boundingBox();
    assert.ok(box && box.height <= 640 / 3 && box.width === 320, JSON.stringify(box));
    const text = region.locator(".text");
    assert.ok(await text.evaluate((element) => element.scrollHeight > element.clientHeight));
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    await context.close();
  }
});

test("r53: at 400 % zoom nothing of either layer is cut off, and everything is reached", async () => {
  const { page, accept, reject, choose, save, toggle } = await visit({
    options: { viewport: { width: 320, height: 256 } },
  });
  for (const button of [accept, reject, choose]) assert.ok(await inWindow(button));
  await choose.click();
  assert.ok(await inWindow(save));
  await toggle("Marketing").click();
  await page.getByText("What is stored (1)").last().click();
  await page.getByText("_adpix").scrollIntoViewIfNeeded();
  assert.ok(await page.getByText("_adpix").isVisible());
});

test("sizes follow the visitor's font size and not the page's", async () => {
  const head = `<style>html { font-size: 6px } body { font: 50px/3 serif; color: red; direction: rtl }
    * { padding: 9px !important; letter-spacing: 5px } section, button, h2 { display: none !important }
    div { display: none; opacity: 0.1; transform: scale(0.1) }</style>`;
  const plain = await visit();
  await plain.one.waitFor();
  const [want, width] = [await lookOf(plain.accept), (await plain.one.boundingBox())?.width];
  const odd = await visit({ head });
  await odd.one.waitFor();
  const got = await lookOf(odd.accept);
  assert.equal(got.height, want.height);
  for (const name of ["font-size", "letter-spacing", "color", "direction"]) {
    assert.equal(got.style[name], want.style[name], name);
  }
  assert.equal((await odd.one.boundingBox())?.width, width);
});

test("none of our styles reaches the page", async () => {
  const PAGE = `<section id="s">a<h2>b</h2><input type="checkbox"><button class="b">c</button></section>`;
  const styles = (/** @type {import("playwright-core").Page} */ page) =>
    page
      .locator("#s, #s *")
      .evaluateAll((all) =>
        all.map((element) =>
          JSON.stringify(
            Object.values(getComputedStyle(element)).map((name) =>
              getComputedStyle(element).getPropertyValue(name),
            ),
          ),
        ),
      );
  const without = await visit({ body: PAGE });
  const want = await styles(without.page);
  const shown = await visit({ body: TAG + PAGE });
  await shown.one.waitFor();
  assert.deepEqual(await styles(shown.page), want);
  assert.equal(
    await shown.page.evaluate(() => getComputedStyle(document.body).overflow),
    "visible",
  );
  assert.equal(await shown.page.evaluate("document.adoptedStyleSheets.length"), 0);
});

/** The element that has the focus, through shadow roots. @param {import("playwright-core").Page} page */
const focused = (page) =>
  page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.id || element?.getAttribute("aria-label") || element?.textContent?.trim();
  });

/** Tab until something has the focus. @param {import("playwright-core").Page} page */
async function tabTo(page, /** @type {string} */ name) {
  for (let presses = 1; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) === name) return presses;
  }
  throw new Error(`Tab never reaches ${name}`);
}

test("r51: layer one is one Tab away, traps nothing, and accept is no nearer than reject", async () => {
  const { page, one } = await visit();
  await one.waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "All cookies and providers");
  assert.deepEqual([await tabTo(page, "Accept all"), await tabTo(page, "Reject all")], [2, 1]);
  assert.equal(await tabTo(page, "Choose"), 1);
  assert.equal(await tabTo(page, "first"), 1);
  await page.keyboard.press("Shift+Tab");
  assert.equal(await focused(page), "Choose");
});

for (const [name, key, action] of [
  ["Accept all", "Enter", "accept_all"],
  ["Reject all", "Space", "reject_all"],
]) {
  test(`r34 r51: ${name} by keyboard alone, and the page goes on from where it was`, async () => {
    const { page, one } = await visit();
    await one.waitFor();
    await tabTo(page, name);
    await page.keyboard.press(key);
    await until(() => servers.receipts().length === 1);
    assert.equal(servers.receipts()[0].action, action);
    assert.equal(await one.count(), 0);
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "first");
  });
}

test("r51: layer two by keyboard: heading, every switch, Escape, and back to the opener", async () => {
  const { page, one } = await visit();
  await one.waitFor();
  await tabTo(page, "Choose");
  await page.keyboard.press("Enter");
  await until(async () => (await focused(page)) === "h", "the heading has the focus");
  await tabTo(page, "Close");
  for (const name of ["necessary", "preferences", "statistics", "marketing"])
    await tabTo(page, name);
  await page.keyboard.press("Space");
  await tabTo(page, "Reject all");
  await tabTo(page, "Close");
  await escape(page);
  assert.equal(await focused(page), "Choose");
  assert.equal((await stateOf(page)).decided, false);
});

test("r33: the settings open from any marked element and from the address, and focus comes back", async () => {
  const { page, reject, two, settings } = await visit();
  await reject.click();
  await settings.focus();
  await page.keyboard.press("Enter");
  await two.waitFor();
  assert.ok(!page.url().includes("#settings"));
  await escape(page);
  assert.equal(await focused(page), "Cookie settings");
  await page.evaluate(() => {
    document.body.insertAdjacentHTML(
      "beforeend",
      `<button data-consent-open><b id="late">Late</b></button>`,
    );
  });
  await page.locator("#late").click();
  await two.waitFor();
  await two.getByRole("button", { name: "Close" }).click();
  await page.goto(`${servers.url}/two#consent`);
  await two.waitFor();
  await escape(page);
  await page.evaluate("location.hash = ''; location.hash = '#consent'");
  await two.waitFor();
});

test("r53: layer one does not lie over the element that has the page's focus", async () => {
  for (const viewport of SIZES) {
    const { page, one, context } = await visit({ options: { viewport } });
    await one.waitFor();
    for (const id of ["last", "first", "last"]) {
      await page.locator(`#${id}`).focus();
      const seen = await page.evaluate((name) => {
        const box = /** @type {Element} */ (document.getElementById(name)).getBoundingClientRect();
        return document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)?.id;
      }, id);
      assert.equal(seen, id, `${viewport.width}`);
    }
    await context.close();
  }
});

test("r52: the region, its heading, the switches and the message of success are announced", async () => {
  const { page, one, choose, two, save, toggle } = await visit();
  await page.getByRole("status").filter({ hasText: "Cookies on this site" }).waitFor();
  await one.getByRole("heading", { name: "Cookies on this site", level: 2 }).waitFor();
  await choose.click();
  await two.getByRole("heading", { name: "Cookie settings", level: 2 }).waitFor();
  const statistics = toggle("Statistics");
  assert.match(
    await statistics.evaluate((element) => {
      const id = element.getAttribute("aria-describedby") ?? "";
      return (
        /** @type {ShadowRoot} */ (element.getRootNode()).getElementById(id)?.textContent ?? ""
      );
    }),
    /^Count which pages/,
  );
  await save.click();
  await page.getByRole("status").filter({ hasText: "Your choice is saved." }).waitFor();
  await until(
    async () => (await page.locator("body > div").count()) === 0,
    "nothing of us is left",
  );
});

test("what is said of the choice is not preceded by what was said before it", async () => {
  const { page, accept } = await visit({ body: TAG + TEXT });
  await accept.waitFor();
  await page.getByRole("status").filter({ hasText: "Cookies" }).waitFor();
  await page.evaluate(() => {
    const seen = /** @type {Set<string>} */ (/** @type {any} */ (window).seen = new Set());
    const look = () => {
      const status = document.querySelector("body > div")?.shadowRoot?.querySelector("output");
      if (status?.className === "" && status.textContent) seen.add(status.textContent);
      requestAnimationFrame(look);
    };
    look();
  });
  await accept.click();
  const seen = () => page.evaluate(() => [.../** @type {any} */ (window).seen]);
  await until(async () => (await seen()).includes("Your choice is saved."), "it is seen");
  assert.deepEqual(await seen(), ["Your choice is saved."]);
});

for (const colorScheme of SCHEMES) {
  for (const viewport of [SIZES[0], SIZES[2]]) {
    test(`r52: axe finds nothing on either layer, ${colorScheme}, ${viewport.width} px`, async () => {
      const { page, one, choose, accept, two } = await visit({
        body: `${TAG}${TEXT}<iframe title="A film" data-consent="marketing" data-consent-src="{third}/f"></iframe>`,
        options: { colorScheme, viewport },
        signal: true,
      });
      await one.waitFor();
      await page.evaluate(AXE);
      const audit = async () => {
        const found = await page.evaluate(async () => {
          const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
          const result = await /** @type {any} */ (window).axe.run(document, { runOnly: tags });
          return result.violations.map((/** @type {any} */ { id, nodes }) => [
            id,
            nodes.map((/** @type {any} */ n) => n.html),
          ]);
        });
        assert.deepEqual(found, []);
      };
      await audit();
      await choose.click();
      for (const summary of await two.locator("summary").all()) await summary.click();
      await audit();
      await escape(page);
      await accept.click();
      await recorded(page);
      await page.evaluate("consent.open()");
      await two.getByText("Your receipt").waitFor();
      await audit();
    });
  }
}

test("r37: layer two lists each declared item with name, provider, purpose, time and kind", async () => {
  const { choose, two } = await visit();
  await choose.click();
  await two.getByText("What is stored (2)").last().click();
  const list = two.locator("dl").last();
  assert.deepEqual(await list.locator("dt").allTextContents(), [
    "Name",
    "Provider",
    "Purpose",
    "Kept for",
    "Kind",
  ]);
  assert.deepEqual(await list.locator("dd").allTextContents(), [
    "_ga_*",
    "Nordic Metrics AB (SE)",
    "Keeps the session.",
    "2 years",
    "Cookie",
  ]);
});

test("the present receipt can be seen, copied, taken and checked", async () => {
  const { page, accept, two, settings, context } = await visit({ body: TAG + TEXT });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await accept.click();
  await recorded(page);
  const [{ id }] = servers.receipts();
  await settings.click();
  await two.getByText("Granted: Preferences, Statistics, and Marketing").waitFor();
  await two.getByText(/November 22, 2026 at/).waitFor();
  assert.equal(await two.locator("code").textContent(), id);
  await two.getByRole("button", { name: "Copy the number" }).click();
  await two.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate("navigator.clipboard.readText()"), id);
  const links = await two
    .getByRole("link")
    .evaluateAll((all) => all.map((link) => /** @type {any} */ (link).href));
  assert.deepEqual(links.slice(0, 2), [
    `${servers.serviceUrl}/v1/sites/shop/receipts/${id}`,
    `${servers.serviceUrl}/verify`,
  ]);
  await page.reload();
  await settings.click();
  assert.equal(await two.locator("code").textContent(), id);
});

test("right to left, forced colours, print and search engines are served", async () => {
  const { page, one, choose, toggle } = await visit({
    config: { direction: "rtl" },
    options: { forcedColors: "active", viewport: SIZES[2] },
  });
  await one.waitFor();
  const [heading, button] = [
    await one.getByRole("heading").boundingBox(),
    await choose.boundingBox(),
  ];
  assert.ok(heading && button && heading.x > button.x);
  await choose.click();
  const edges = await toggle("Statistics").evaluate((element) => [
    getComputedStyle(element).borderTopStyle,
    getComputedStyle(element, "::before").borderTopStyle,
    getComputedStyle(element).borderTopColor !== getComputedStyle(element).backgroundColor,
  ]);
  assert.deepEqual(edges, ["solid", "solid", true]);
  const shape = () =>
    toggle("Statistics").evaluate((element) => getComputedStyle(element).justifyContent);
  const off = await shape();
  await toggle("Statistics").click();
  assert.notEqual(await shape(), off);
  await escape(page);
  await page.emulateMedia({ media: "print" });
  assert.equal(await one.isVisible(), false);
  assert.equal(await page.locator("body > [data-nosnippet]").count(), 1);
  assert.deepEqual(requested(), []);
});
