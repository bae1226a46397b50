/** @import { Epochs, Optional } from "../types/internal.js" */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CATEGORIES, holds, mustAsk } from "../src/ask.js";
import { heed } from "../src/signals.js";

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {{ day: number, granted: Optional[], epochs: Epochs } | null} stored
 * @property {Epochs} epochs
 * @property {{ granted: number, refused: number }} days
 * @property {number} today
 * @property {boolean} ask
 * @property {Optional[]} about
 * @property {Optional[]} in_force
 */

/** @type {Row[]} */
const ROWS = JSON.parse(
  readFileSync(new URL("../../tests/vectors/reconsent.json", import.meta.url), "utf8"),
);

/** @type {Optional[]} */
const OPTIONAL = ["preferences", "statistics", "marketing"];

/** @param {Epochs} epochs */
const listed = (epochs) => OPTIONAL.map((name) => epochs[name]);

/** @param {Row["stored"]} stored */
const answerOf = (stored) =>
  stored && {
    day: stored.day,
    granted: stored.granted.reduce((set, name) => set | (1 << OPTIONAL.indexOf(name)), 0),
    answered: listed(stored.epochs),
  };

/** @param {number} set @param {string} name */
const has = (set, name) => holds(set, CATEGORIES.indexOf(name));

/** @param {number} set */
const namesOf = (set) => OPTIONAL.filter((name) => has(set, name));

test("the table has its rows, each with a name of its own", () => {
  assert.ok(ROWS.length >= 25);
  assert.equal(new Set(ROWS.map(({ name }) => name)).size, ROWS.length);
});

for (const row of ROWS) {
  test(`r29 r30 r31: ${row.name}`, () => {
    const { granted, refused } = row.days;
    const stored = answerOf(row.stored);
    const [about, inForce] = mustAsk(stored, listed(row.epochs), granted, refused, row.today);
    assert.equal(about > 0, row.ask);
    assert.deepEqual(namesOf(about), row.about);
    assert.deepEqual(namesOf(inForce), row.in_force);
  });
}

test("a set holds what is in it, the necessary always, and nothing that it does not know", () => {
  assert.ok(has(0, "necessary"));
  assert.ok(has(4, "marketing"));
  assert.ok(!has(3, "marketing"));
  for (const name of ["", "Statistics", "constructor", "all", "statistics "]) {
    assert.ok(!has(7, name), name);
  }
});

const SIGNALLED = [
  {
    name: "a first visit is not asked about marketing",
    about: 7,
    inForce: 0,
    despite: false,
    want: [3, 0],
  },
  {
    name: "an older grant of marketing is held off",
    about: 0,
    inForce: 7,
    despite: false,
    want: [0, 3],
  },
  {
    name: "a grant made despite the signal holds",
    about: 0,
    inForce: 7,
    despite: true,
    want: [0, 7],
  },
  {
    name: "marketing alone is no reason to ask",
    about: 4,
    inForce: 3,
    despite: false,
    want: [0, 3],
  },
  {
    name: "a changed grant despite the signal is not asked about",
    about: 4,
    inForce: 3,
    despite: true,
    want: [0, 3],
  },
];

for (const { name, about, inForce, despite, want } of SIGNALLED) {
  test(`r07: under the browser's signal ${name}`, () => {
    assert.deepEqual(heed([about, inForce], despite), want);
  });
}
