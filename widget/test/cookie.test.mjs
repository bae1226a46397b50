import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, format, newest, parse, secondsLeft } from "../src/cookie.js";
import { lengthen, madeAt, uuid7 } from "../src/id.js";

const NOW = Date.UTC(2026, 10, 22, 18);
const TODAY = Math.floor(NOW / DAY);
const EPOCHS = [1, 1, 2];

const makeId = (now = NOW) => uuid7(now, crypto.getRandomValues(new Uint8Array(16)));

/** @param {number} granted */
const written = (granted, signal = false) => format(7, EPOCHS, TODAY, granted, signal, makeId());

for (let granted = 0; granted < 8; granted++) {
  test(`the choice ${granted} comes back as it was written`, () => {
    const text = written(granted);
    const choice = parse(text);
    assert.equal(choice?.granted, granted);
    assert.equal(choice?.version, 7);
    assert.equal(choice?.day, TODAY);
    assert.deepEqual(choice?.answered, [1, 1, 2]);
    assert.equal(choice?.despite, false);
    assert.equal(text, (choice?.written ?? "") + (granted ? ".p" : ""));
  });
}

test("r32: a refusal has no id and nothing pending", () => {
  assert.equal(written(0), `consent=1.7.${TODAY.toString(36)}.0.1-1-2`);
  assert.equal(parse(written(0))?.id, null);
  assert.equal(parse(written(0))?.pending, false);
});

test("a grant has its receipt's id, and is pending until the mark goes", () => {
  const short = makeId();
  const text = format(7, EPOCHS, TODAY, 3, false, short);
  assert.equal(parse(text)?.id, lengthen(short));
  assert.equal(parse(text)?.pending, true);
  assert.equal(parse(text.slice(0, -2))?.pending, false);
});

test("r07: only marketing can be granted despite the browser's signal", () => {
  assert.equal(parse(written(7, true))?.despite, true);
  assert.equal(parse(written(4, true))?.despite, true);
  assert.equal(parse(written(3, true))?.despite, false);
  assert.equal(parse(written(0, true))?.despite, false);
});

test("r32: the longest cookie has at most 64 bytes, a usual one fewer than 50", () => {
  const longest = format(
    2 ** 31 - 1,
    [46655, 46655, 46655],
    46655,
    7,
    true,
    makeId(),
  );
  assert.ok(parse(longest));
  assert.ok(longest.length <= 64, String(longest.length));
  assert.ok(written(7).length < 50, String(written(7).length));
  assert.ok(written(0).length < 25, String(written(0).length));
});

const ID = "AZqrze8AeyyCG0W1GCPVTA";
const HOSTILE = [
  "",
  "consent",
  "consent=",
  "consent=1",
  "consent=1.7.fqo.0.1-1-1.",
  "consent=2.7.fqo.0.1-1-1",
  "consent=1.7.fqo.0.1-1",
  "consent=1.7.fqo.0.1-1-1-1",
  "consent=1.7.fqo.8.1-1-1",
  `consent=1.7.fqo.8.1-1-1.${ID}`,
  `consent=1.7.fqo.16.1-1-1.${ID}`,
  `consent=1.7.fqo.07.1-1-1.${ID}`,
  "consent=1.7.fqo.-1.1-1-1",
  "consent=1.7.fqo.1.1-1-1",
  `consent=1.7.fqo.0.1-1-1.${ID}`,
  "consent=1.7.fqo.0.1-1-1.p",
  "consent=1.7.fqo.7.1-1-1.p",
  `consent=1.7.fqo.7.1-1-1.${ID}.q`,
  `consent=1.7.fqo.7.1-1-1.${ID}.p.p`,
  `consent=1.7.fqo.7.1-1-1.${ID}x`,
  `consent=1.7.fqo.7.1-1-1.${ID.slice(1)}`,
  `consent=1.7.fqo.7.1-1-1.${ID.slice(0, -1)}B`,
  `consent=1.7.fqo.7.1-1-1.${"A".repeat(22)}`,
  `consent=1.7.fqo.7.1-1-1.${"\u00e9".repeat(22)}`,
  `consent=1.7.FQO.7.1-1-1.${ID}`,
  `consent=1.7._.7.1-1-1.${ID}`,
  `consent=1.7.fqo.7._-1-1.${ID}`,
  `consent=1.7.fqo.7.1-1-1.${ID}\n`,
  `consent=1.7.fqo.7.zzzzz-1-1.${ID}`,
  `consent=1.zzzzzzz.fqo.7.1-1-1.${ID}`,
  ` consent=1.7.fqo.7.1-1-1.${ID}`,
  `xconsent=1.7.fqo.7.1-1-1.${ID}`,
  `consent2=1.7.fqo.7.1-1-1.${ID}`,
  "consent=%00",
  "consent=__proto__",
  "consent=" + "1.".repeat(5000),
  `consent={"granted":["marketing"]}`,
];

test("the id that hostile cookies are made from is a good one", () => {
  assert.equal(parse(`consent=1.7.fqo.7.1-1-1.${ID}`)?.granted, 7);
});

for (const pair of HOSTILE) {
  test(`a cookie that is not ours is no choice: ${JSON.stringify(pair.slice(0, 60))}`, () => {
    assert.equal(parse(pair), null);
    assert.equal(newest(`a=b; ${pair}; c=d`), null);
  });
}

test("no text at all makes the reader fail", () => {
  const letters = "1.-p7fqo=;consent ZAg_\u0000\u{1f36a}";
  for (let round = 0; round < 5000; round++) {
    const pick = () => letters[Math.floor(Math.random() * letters.length)];
    const text = `consent=1.${Array.from({ length: round % 50 }, pick).join("")}`;
    assert.doesNotThrow(() => newest(text));
  }
});

test("of several cookies the newest readable choice counts, wherever it stands", () => {
  const old = format(7, EPOCHS, TODAY - 3, 7, false, makeId());
  const refused = written(0);
  for (const jar of [
    [old, refused],
    [refused, old],
    ["a=b", old, "consent=junk", refused],
  ]) {
    assert.equal(newest(jar.join("; "))?.granted, 0);
  }
  assert.equal(newest(""), null);
});

test("ids keep their time, and each has one spelling", () => {
  for (const now of [0, 1, NOW, 2 ** 48 - 1]) {
    const id = lengthen(makeId(now));
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(madeAt(id), now);
  }
  assert.notEqual(makeId(), makeId());
});

test("r32: writing a cookie again gives it what is left, and no more", () => {
  const grant = parse(written(7));
  const refusal = parse(written(0));
  assert.ok(grant && refusal);
  assert.equal(secondsLeft(grant, 182, NOW), 182 * 86400);
  assert.equal(secondsLeft(grant, 182, NOW + 5 * DAY), 177 * 86400);
  assert.ok(secondsLeft(grant, 182, NOW + 183 * DAY) < 0);
  // A refusal knows its day alone: its time counts from where that began.
  assert.equal(secondsLeft(refusal, 120, NOW), 119.25 * 86400);
  assert.equal(secondsLeft(refusal, 120, NOW + 5 * DAY), 114.25 * 86400);
});
