import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { compose, makeConfig, textsOf } from "./fixture.mjs";

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
  const composed = /^(change_|(cookie|local_storage|session_storage|indexed_db|pixel|items)$)/;
  for (const key of Object.keys(textsOf("en")).filter((name) => !composed.test(name))) {
    assert.match(SOURCES, new RegExp(`\\b__${key}__\\b`), key);
  }
});

test("nothing in the sources parses markup or writes styles into elements", () => {
  // Automatic blocking names what it stands before.
  const code = SOURCES.replace(/\/\*[^]*?\*\/|\/\/.*/g, "").replace(/wrap\(\w+, "\w+"/g, "");
  for (const word of [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    ".style",
    "eval(",
  ]) {
    assert.ok(!code.includes(word), word);
  }
});

test("a hostile policy cannot leave its place in the composed scripts", () => {
  const title = "</script><script>alert(1)//\u2028\u2029$&$'$`__SITE__";
  const texts = { ...makeConfig().texts, title, settings: title };
  const { banner, settings } = compose(makeConfig({ texts }));
  for (const script of [banner, settings]) {
    assert.ok(!/<\/script|<!--|\u2028|\u2029/.test(script));
    assert.ok(script.includes("alert(1)"));
    assert.doesNotThrow(() => Function(script));
  }
});
