/**
 * The table that the readers for a site's own server run too (`tests/unit/test_readers.py`): the
 * widget reads the same choices from the same cookies.
 *
 * @import { Epochs, Optional } from "../types/internal.js"
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CATEGORIES, holds, mustAsk } from "../src/ask.js";
import { DAY, newest } from "../src/cookie.js";
import { madeAt } from "../src/id.js";
import { heed } from "../src/signals.js";

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} cookies
 * @property {number} now
 * @property {Epochs} epochs
 * @property {{ granted: number, refused: number }} days
 * @property {boolean} gpc
 * @property {object | null} choice
 * @property {Optional[]} in_force
 * @property {boolean} decided
 */

/** @type {Row[]} */
const ROWS = JSON.parse(
  readFileSync(new URL("../../tests/vectors/cookie.json", import.meta.url), "utf8"),
);

/** @type {Optional[]} */
const OPTIONAL = ["preferences", "statistics", "marketing"];

/** @param {number} set */
const namesOf = (set) => OPTIONAL.filter((name) => holds(set, CATEGORIES.indexOf(name)));

/** @param {ReturnType<typeof newest>} stored */
const told = (stored) =>
  stored && {
    day: stored.day,
    granted: namesOf(stored.granted),
    epochs: Object.fromEntries(OPTIONAL.map((name, index) => [name, stored.answered[index]])),
    despite: stored.despite,
    pending: stored.pending,
    id: stored.id,
  };

for (const { name, cookies, now, epochs, days, gpc, choice, ...wanted } of ROWS) {
  test(`the widget reads what the table says: ${name}`, () => {
    const stored = newest(cookies);
    assert.deepEqual(told(stored), choice);
    // `send` gives such a grant up when the page begins.
    const lost = stored?.pending && now * 1000 - madeAt(stored.id ?? "") >= DAY;
    const answered = OPTIONAL.map((name) => epochs[name]);
    const today = Math.floor((now * 1000) / DAY);
    const verdict = mustAsk(lost ? null : stored, answered, days.granted, days.refused, today);
    const [about, inForce] = gpc ? heed(verdict, stored?.despite) : verdict;
    assert.deepEqual(namesOf(inForce), wanted.in_force);
    assert.equal(!about, wanted.decided);
  });
}
