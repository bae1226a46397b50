import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { domainsOf, pathsOf } from "../src/clear.js";
import { pattern, slots, themed } from "./composition.mjs";

const VECTORS = new URL("../../tests/vectors/", import.meta.url);

/** @param {string} name */
const vector = (name) => JSON.parse(readFileSync(new URL(name, VECTORS), "utf8"));

for (const [name, found, want] of vector("patterns.json")) {
  test(`r24: ${name} ${want ? "covers" : "does not cover"} ${JSON.stringify(found)}`, () => {
    // As it stands in the composed script.
    const covers = Function(`return ${pattern([name, "another"])}`)();
    assert.equal(covers.test(found), want);
  });
}

test("these tests compose a banner as the service does", () => {
  for (const { config, literals, theme } of vector("slots.json")) {
    const own = slots(config);
    for (const [name, want] of Object.entries(literals)) assert.equal(own[name], want, name);
    assert.equal(themed(config.theme), theme);
  }
});

test("r24: a cookie may lie on the host and on each of its parents", () => {
  const parents = ["www.shop.example", "shop.example", "example"];
  assert.deepEqual(
    domainsOf("www.shop.example"),
    ["", ...parents.map((name) => `;Domain=${name}`)],
  );
  assert.deepEqual(domainsOf("localhost"), ["", ";Domain=localhost"]);
});

/** @type {[string, string[]][]} */
const PATHS = [
  ["/", ["/"]],
  ["/a", ["/", "/a"]],
  ["/a/", ["/", "/a", "/a/"]],
  ["/a/b.html", ["/", "/a", "/a/", "/a/b.html"]],
];

for (const [path, want] of PATHS) {
  test(`r24: a cookie seen at ${path} may be set for ${want.join(" ")}`, () =>
    assert.ok(want.every((each) => pathsOf(path).includes(each))));
}
