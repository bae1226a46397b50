/** What would cost a visitor's time, and is not done: no clock is read here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TAG, TEXT } from "../harness.mjs";
import { earlier, setUp, until, visit } from "./visit.mjs";

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

/** Notes each reading of the cookies: whether our script stands on the stack then. */
const READINGS = `<script>
  window.readings = [];
  const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(document, "cookie", {
    get() {
      // Who waits for it is named there too, and does not stand on the stack.
      readings.push(/at (?!async).*banner/.test(new Error().stack));
      return get.call(document);
    },
    set: (text) => set.call(document, text),
  });
</script>`;

test("a return visit reads the cookies once, with none of our functions on the stack", async () => {
  const { cookies } = earlier();
  const { page } = await visit({ head: READINGS, body: TAG + TEXT, cookies });
  await until(() => page.evaluate("document.readyState === 'complete' && !!window.consent"));
  assert.deepEqual(await page.evaluate("readings"), [false]);
  const later = await page.evaluate(() => {
    /** @param {Event} event */
    const after = (event) => {
      dispatchEvent(event);
      return /** @type {any} */ (window).readings.length;
    };
    const shown = () => new Event("visibilitychange");
    /** @param {boolean} persisted */
    const loaded = (persisted) => new PageTransitionEvent("pageshow", { persisted });
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    const gone = after(shown());
    Object.defineProperty(document, "hidden", { value: false });
    return [gone, after(loaded(false)), after(shown()), after(loaded(true))];
  });
  assert.deepEqual(later, [1, 1, 2, 3]);
});

test("the script that comes after ours in the page finds window.consent", async () => {
  const tag = TAG.replace(" async", "");
  const next = `<script>window.found = typeof window.consent?.withdraw</script>`;
  const { page } = await visit({ body: tag + next + TEXT });
  assert.equal(await page.evaluate("window.found"), "function");
});
