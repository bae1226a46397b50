import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { BUNDLE, compose, makeConfig, textsOf } from "./fixture.mjs";

const FOLDER = new URL("../../consent_service/locales/", import.meta.url);
const LANGUAGES = readdirSync(FOLDER).map((name) => name.replace(".json", ""));
const SOURCES = readdirSync(new URL("../src/", import.meta.url), { recursive: true })
  .filter((name) => String(name).endsWith(".js"))
  .map((name) => readFileSync(new URL(`../src/${name}`, import.meta.url), "utf8"))
  .join("\n");

/** @param {string} text */
const namesIn = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

for (const language of LANGUAGES) {
  test(`r16: ${language} has every text, with the same names to fill in`, () => {
    const [texts, english] = [textsOf(language), textsOf("en")];
    assert.deepEqual(Object.keys(texts), Object.keys(english));
    for (const [key, text] of Object.entries(texts)) {
      assert.ok(text.trim(), key);
      assert.deepEqual(namesIn(text), namesIn(english[key]), key);
    }
  });
}

test("every text is used: visitors load them all", () => {
  const built = /^(change_|(cookie|local_storage|session_storage|indexed_db|pixel)$)/;
  for (const key of Object.keys(textsOf("en")).filter((name) => !built.test(name))) {
    assert.match(SOURCES, new RegExp(`"${key}"|\\b${key}[,:]`), key);
  }
});

test("nothing in the sources parses markup or writes styles into elements", () => {
  for (const word of [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    ".style",
    "eval(",
  ]) {
    assert.ok(!SOURCES.replace(/\/\*[^]*?\*\/|\/\/.*/g, "").includes(word), word);
  }
});

test("a hostile policy cannot leave its place in the composed script", () => {
  const title = "</script><script>alert(1)//\u2028\u2029$&$'$`";
  const bundle = readFileSync(BUNDLE, "utf8");
  const texts = { ...textsOf("en"), title };
  const script = compose(bundle, makeConfig({ texts }));
  assert.ok(!script.includes("</script"));
  assert.equal(script.split("__CONFIG__").length, 1);
  assert.ok(script.startsWith(bundle.split("__CONFIG__")[0]));
  assert.ok(script.endsWith(bundle.split("__CONFIG__")[1]));
});
