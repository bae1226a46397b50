/** What would cost a visitor's time, and is not done: no clock is read here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TAG, TEXT } from "../harness.mjs";
import { setUp, until, visit } from "./visit.mjs";

setUp();

/** Counts the questions that make a browser lay out the page before it answers. */
const COUNTING = `<script>
  window.asked = [];
  const rect = Element.prototype.getBoundingClientRect;
  Element.prototype.getBoundingClientRect = function () {
    asked.push(this.tagName);
    return rect.call(this);
  };
</script>`;

test("nothing asks where things are until something has the focus", async () => {
  const { page, one } = await visit({ head: COUNTING, body: TAG + TEXT });
  await one.waitFor();
  assert.deepEqual(await page.evaluate("asked"), []);
  await page.locator("#first").focus();
  assert.deepEqual(await page.evaluate("asked"), ["SECTION", "A"]);
});

test("layer one can be read in its first frame: it slides, and does not fade", async () => {
  const { one } = await visit({ options: { reducedMotion: "no-preference" } });
  const first = await one.evaluate((section) => {
    // Once more from the start: by now it may have ended.
    section.style.animationName = "none";
    section.getAnimations();
    section.style.animationName = "";
    for (const animation of section.getAnimations()) animation.pause();
    const { opacity, translate } = getComputedStyle(section);
    return { opacity, moved: translate };
  });
  assert.deepEqual(first, { opacity: "1", moved: "0px 15px" });
});

test("a receipt is kept after the answer has been shown, and is kept", async () => {
  const { page, accept } = await visit({ answer: "drop" });
  const atOnce = await accept.evaluate((button) => {
    /** @type {HTMLElement} */ (button).click();
    return [document.cookie.endsWith(".p"), localStorage.consent];
  });
  assert.deepEqual(atOnce, [true, undefined]);
  await until(() => page.evaluate(() => JSON.parse(localStorage.consent ?? "{}").version === 7));
});
