/** Receipts are sent to a real server on this machine; only the clock is ours. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, mock, test } from "node:test";
import { DAY } from "../src/cookie.js";
import { lengthen, uuid7 } from "../src/id.js";
import { send } from "../src/receipts.js";

const NOW = Date.UTC(2026, 10, 22, 18);

/** @type {(number | "drop" | "junk")[]} What the server answers, one after the other. */
let answers = [];
/** @type {{ headers: import("node:http").IncomingHttpHeaders, body: string }[]} */
let asked = [];
let url = "";

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  asked.push({ headers: request.headers, body });
  const answer = answers.shift() ?? 201;
  if (answer === "drop") return request.socket.destroy();
  response.statusCode = answer === "junk" ? 201 : answer;
  const { id } = JSON.parse(body);
  return response.end(answer === "junk" ? "<html>" : JSON.stringify({ id, recorded_at: "then" }));
});

before(async () => {
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address?.port}/receipts`;
});
after(() => server.close());
beforeEach(() => {
  [answers, asked] = [[], []];
});

/** @returns {import("../types/internal.js").Receipt} */
const makeReceipt = () => ({
  id: lengthen(uuid7(NOW, crypto.getRandomValues(new Uint8Array(16)))),
  version: 7,
  language: "en",
  artifact: "0f3a9c1d5b7e2468",
  action: "accept_all",
  source: "banner",
  layer: 1,
  viewport: "wide",
  choices: { necessary: true, preferences: true, statistics: true, marketing: true },
  gpc: false,
  previous: null,
});

/** Send one, letting `hours` pass between tries until it ends; gives what became of it.
 * @param {(number | "drop" | "junk")[]} script */
async function outcomeOf(script, hours = 0, start = NOW) {
  answers = script;
  const receipt = makeReceipt();
  mock.timers.enable({ apis: ["Date"], now: start });
  /** @type {number[]} */
  const pauses = [];
  const { setTimeout } = globalThis;
  try {
    return await new Promise((done) => {
      const end = (/** @type {string} */ what) => done({ what, pauses, receipt });
      globalThis.setTimeout = /** @type {any} */ (
        (
          /** @type {(...values: any[]) => void} */ action,
          /** @type {number} */ pause,
          /** @type {any[]} */ ...values
        ) => {
          if (action !== send) return setTimeout(action, pause, ...values);
          pauses.push(pause);
          mock.timers.tick(hours * 36e5);
          return setImmediate(() => action(...values));
        }
      );
      send(
        url,
        receipt,
        (_, { recorded_at }) => end(`stored ${recorded_at}`),
        () => end("lost"),
      );
    });
  } finally {
    globalThis.setTimeout = setTimeout;
    mock.timers.reset();
  }
}

for (const status of [200, 201]) {
  test(`an answer of ${status} stores it at the first try`, async () => {
    const { what, pauses } = await outcomeOf([status]);
    assert.equal(what, "stored then");
    assert.deepEqual(pauses, []);
    assert.equal(asked.length, 1);
  });
}

test("r46: it goes as plain text, with its members and nothing else", async () => {
  const { receipt } = await outcomeOf([201]);
  assert.match(asked[0].headers["content-type"] ?? "", /^text\/plain;/);
  assert.equal(asked[0].headers.cookie, undefined);
  assert.deepEqual(JSON.parse(asked[0].body), receipt);
  assert.equal(Object.keys(receipt).length, 11);
});

for (const status of [400, 403, 404, 409, 410, 413, 415, 422]) {
  test(`an answer of ${status} is final`, async () => {
    const { what } = await outcomeOf([status]);
    assert.equal(what, "lost");
    assert.equal(asked.length, 1);
  });
}

/** @type {(number | "drop" | "junk")[]} */
const PASSING = [429, 500, 502, 503, 504, "drop", "junk"];
for (const answer of PASSING) {
  test(`r47: after ${answer} the same receipt is sent again`, async () => {
    const { what, pauses } = await outcomeOf([answer, answer, 200]);
    assert.equal(what, "stored then");
    assert.deepEqual(pauses, [2000, 4000]);
    assert.equal(new Set(asked.map(({ body }) => body)).size, 1);
  });
}

test("the pause grows to five minutes and no further", async () => {
  const { pauses } = await outcomeOf(Array(11).fill(503));
  assert.deepEqual(pauses.slice(-4), [256000, 300000, 300000, 300000]);
});

test("r47: a day after the choice it is lost, however often it was sent", async () => {
  const { what, pauses } = await outcomeOf(Array(99).fill(503), 5);
  assert.equal(what, "lost");
  assert.equal(pauses.length, 5);
});

test("r47: one that is a day old is not sent at all", async () => {
  const { what } = await outcomeOf([], 0, NOW + DAY);
  assert.equal(what, "lost");
  assert.equal(asked.length, 0);
});
