import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf, news, thirdParties, viewportOf } from "../src/answer.js";
import { languageFor } from "../src/language.js";
import { makeConfig } from "./fixture.mjs";

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
  /** @type {import("../types/internal.js").Config["changes"]} */
  const changes = {
    statistics: [{ epoch: 2, kind: "longer", name: "_ga", provider: "N" }],
    marketing: [
      { epoch: 2, kind: "added", name: "old", provider: "A" },
      { epoch: 3, kind: "added", name: "new", provider: "B" },
    ],
  };
  const stored = {
    text: "",
    day: 1,
    granted: 6,
    epochs: [1, 1, 2],
    id: null,
    despite: false,
    pending: false,
  };
  assert.deepEqual(
    news(changes, stored, 4).map(({ name }) => name),
    ["new"],
  );
  assert.deepEqual(
    news(changes, stored, 6).map(({ name }) => name),
    ["_ga", "new"],
  );
  assert.deepEqual(news(changes, stored, 1), []);
  assert.deepEqual(news(changes, null, 7), []);
});

test("r14: third parties are counted once, without the controller and the necessary", () => {
  assert.equal(thirdParties(makeConfig()), 2);
  assert.equal(
    thirdParties({ controller: "AdPix Ltd", declarations: makeConfig().declarations }),
    2,
  );
  assert.equal(thirdParties({ controller: "A", declarations: [] }), 0);
});

const HERE = "https://c.example/v1/sites/shop/banner.js";
/** @type {[string, string[], string, string, string][]} */
const LANGUAGES = [
  ["en", ["en", "sv"], "sv", HERE, "sv"],
  ["en", ["en", "sv"], "SV-se", HERE, "sv"],
  ["en", ["en", "sv"], "en-GB", HERE, "en"],
  ["en", ["en", "sv"], "de", HERE, "en"],
  ["en", ["en", "sv"], "", HERE, "en"],
  ["en", ["en", "en-GB"], "en-gb", HERE, "en-GB"],
  ["en", ["en-GB", "en"], "en-US", HERE, "en"],
  ["en", ["en", "sv"], "sv", `${HERE}?lang=en`, "en"],
  ["sv", ["en", "sv"], "en", `${HERE}?lang=sv`, "sv"],
  ["en", ["en", "sv"], "sv", "https://c.example/v1/sites/shop/banner/abc.js", "en"],
];

for (const [language, languages, wanted, source, want] of LANGUAGES) {
  test(`r16: ${language} of ${languages} on a page in "${wanted}" by ${source.slice(33)}: ${want}`, () =>
    assert.equal(languageFor({ language, languages }, wanted, source), want));
}
