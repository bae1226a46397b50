import assert from "node:assert/strict";
import { test } from "node:test";
import { covers, domainsOf, pathsOf } from "../src/clear.js";

/** @type {[string, string, boolean][]} */
const NAMES = [
  ["_ga", "_ga", true],
  ["_ga", "_gat", false],
  ["_ga", "x_ga", false],
  ["_ga_*", "_ga_G1", true],
  ["_ga_*", "_ga_", true],
  ["_ga_*", "_ga", false],
  ["*_session", "shop_session", true],
  ["*_session", "shop_sessions", false],
  ["a*b*c", "a-b-c", true],
  ["a*b*c", "a-c-b", false],
  ["*", "anything", true],
  ["a.b", "a.b", true],
  ["a.b", "axb", false],
  ["a+(b)[c]", "a+(b)[c]", true],
  ["a$|^", "a$|^", true],
  ["a-b/c", "a-b/c", true],
  ["a\\d", "a\\d", true],
  ["a\\d", "a1", false],
  ["k\u00e4ka*", "k\u00e4kan", true],
  ["a*", "a\nb", true],
];

for (const [pattern, name, want] of NAMES) {
  test(`r24: ${pattern} ${want ? "covers" : "does not cover"} ${JSON.stringify(name)}`, () =>
    assert.equal(covers(pattern, name), want));
}

test("r24: a cookie may lie on the host and on each of its parents", () => {
  assert.deepEqual(domainsOf("www.shop.example"), ["www.shop.example", "shop.example", "example"]);
  assert.deepEqual(domainsOf("localhost"), ["localhost"]);
});

/** @type {[string, string[]][]} */
const PATHS = [
  ["/", ["/"]],
  ["/a", ["/a", "/"]],
  ["/a/", ["/a/", "/a", "/"]],
  ["/a/b.html", ["/a/b.html", "/a/", "/a", "/"]],
];

for (const [path, want] of PATHS) {
  test(`r24: a cookie seen at ${path} may be set for ${want.join(" ")}`, () =>
    assert.deepEqual(pathsOf(path), want));
}
