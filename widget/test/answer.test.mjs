import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf, news, viewportOf } from "../src/answer.js";
import { languageFor } from "../src/language.js";

/** @type {[number, number, string][]} */
const ACTIONS = [
  [0, 7, "accept_all"],
  [0, 0, "reject_all"],
  [0, 1, "custom"],
  [0, 6, "custom"],
  [7, 0, "withdraw"],
  [7, 3, "withdraw"],
  [1, 6, "withdraw"],
  [1, 0, "withdraw"],
  [3, 7, "accept_all"],
  [3, 3, "custom"],
  [1, 3, "custom"],
  [7, 7, "accept_all"],
];

for (const [before, granted, want] of ACTIONS) {
  test(`from ${before} to ${granted} is called ${want}`, () =>
    assert.equal(actionOf(before, granted), want));
}

test("the viewport's name is that of the screenshot which shows it", () => {
  const widths = [0, 320, 639, 640, 768, 1023, 1024, 1440];
  assert.deepEqual(widths.map(viewportOf), [
    "narrow",
    "narrow",
    "narrow",
    "medium",
    "medium",
    "medium",
    "wide",
    "wide",
  ]);
});

test("a visitor is told what changed since the answered epoch, in what is asked about", () => {
  /** @type {[number, number, string][]} */
  const changes = [
    [2, 2, "longer"],
    [2, 2, "elsewhere"],
    [3, 2, "old"],
    [3, 3, "new"],
    [3, 3, "elsewhere"],
  ];
  const stored = { answered: [1, 1, 2] };
  assert.deepEqual(news(changes, stored, 4), ["new", "elsewhere"]);
  assert.deepEqual(news(changes, stored, 6), ["longer", "elsewhere", "new"]);
  assert.deepEqual(news(changes, stored, 1), []);
  assert.deepEqual(news(changes, null, 7), []);
});

const HERE = "https://c.example/v1/sites/shop/banner.js";
/** @type {[string[], string[], string, string][]} */
const LANGUAGES = [
  [["en", "sv"], ["sv"], HERE, "sv"],
  [["en", "sv"], ["SV-se"], HERE, "sv"],
  [["en", "sv"], ["en-GB"], HERE, "en"],
  [["en", "sv"], ["de"], HERE, "en"],
  [["en", "sv"], [""], HERE, "en"],
  [["en", "sv"], [], HERE, "en"],
  [["en", "sv"], ["de", "sv", "en"], HERE, "sv"],
  [["en", "sv"], ["", "sv-FI"], HERE, "sv"],
  [["en", "sv"], ["en", "sv"], HERE, "en"],
  [["en", "en-GB"], ["en-gb"], HERE, "en-GB"],
  [["en", "en-GB"], ["en-US"], HERE, "en"],
  [["en", "nb"], ["no"], HERE, "nb"],
  [["en", "nb"], ["nn-NO"], HERE, "nb"],
  [["en", "nb", "nn"], ["nn"], HERE, "nn"],
  [["en", "sv"], ["sv"], `${HERE}?lang=en`, "en"],
  [["sv", "en"], ["en"], `${HERE}?lang=sv`, "sv"],
  [["en", "sv"], ["sv"], "https://c.example/v1/sites/shop/banner/abc.js", "en"],
];

for (const [languages, wanted, source, want] of LANGUAGES) {
  test(`r16: of ${languages} for "${wanted}" by ${source.slice(33)}: ${want}`, () =>
    assert.equal(languageFor(languages, wanted, source), want));
}
