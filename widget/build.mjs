/**
 * From src/ to the files that the service composes banners from, in consent_service/built. They
 * are committed, and building again changes no byte.
 *
 * @import { Plugin } from "esbuild"
 * @import { MinifyOptions } from "terser"
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { minify } from "terser";
import { BUILT, compose, makeConfig } from "./test/fixture.mjs";

/**
 * What a visitor's browser loads on a first visit at most: code, styles, texts and policy, one
 * vendor's signal, automatic blocking and a change to tell of, in brotli 11. The aim is 5,500:
 * README.md says where the bytes go. These numbers may only fall.
 */
const BUDGET = 7_380;
const BARE_BUDGET = 6_390;

/** What a language beyond the first may add to that, and the inline stub's size. */
const LANGUAGE_BUDGET = 450;
const STUB_BUDGET = 450;

/** What the whole is measured with. */
const PARTS = ["google", "blocking"];
const CHANGED = {
  epochs: { preferences: 1, statistics: 1, marketing: 2 },
  changes: {
    marketing: [{ epoch: 2, kind: "added", name: "_adpix", provider: "AdPix Ltd" }],
  },
};

const SRC = new URL("src/", import.meta.url);

/** Properties of our own objects: of no element, no event and nothing that is sent. */
const OURS = /^(written|granted|answered|despite|pending|show|hide|hold|declare|notice|offer|news|day)$/;

/** Both files call a property by the same short name.
 * @type {Record<string, string | false>} */
const SHORT = {
  written: "w",
  granted: "g",
  answered: "a",
  despite: "d",
  pending: "p",
  show: "s",
  hide: "h",
  hold: "f",
  declare: "c",
  notice: "n",
  offer: "o",
  news: "e",
  day: "t",
};

/** A second look at what esbuild leaves: 4 % less.
 * @type {MinifyOptions} */
const TERSER = {
  ecma: 2020,
  compress: {
    passes: 3,
    unsafe_arrows: true,
    pure_getters: true,
    hoist_funs: true,
    // What stands where it is used once more compresses worse than a call of it.
    inline: 1,
  },
  mangle: { toplevel: true },
};

/** @param {URL} file */
async function minifiedStyle(file) {
  const css = readFileSync(file, "utf8");
  const { code } = await transform(css, { loader: "css", minify: true, target: "chrome105" });
  return code.trim();
}

/** @type {Plugin} */
const styles = {
  name: "styles",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const css = await minifiedStyle(new URL(`file://${path}`));
      return { contents: `export default ${JSON.stringify(css)}`, loader: "js" };
    });
  },
};

/**
 * @param {string} contents  A module beside src/'s files.
 * @param {"iife" | "esm"} format
 * @param {boolean} [ours]  Whether all that it has to do with is ours.
 * @param {Record<string, string>} [define]  Constants.
 */
async function bundle(contents, format, ours = format === "iife", define = {}) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(SRC) },
    bundle: true,
    minify: ours,
    format,
    target: "es2022",
    legalComments: "none",
    // A part speaks to vendors' objects: no property of its own is ours to rename.
    ...(ours ? { mangleProps: OURS, mangleCache: { ...SHORT } } : {}),
    define,
    plugins: [styles],
    tsconfigRaw: "{}",
    write: false,
  });
  return outputFiles[0].text;
}

/** A file that runs when it is loaded. @param {string} path */
async function program(path) {
  const { code = "" } = await minify(await bundle(`import "./${path}"`, "iife"), TERSER);
  return code;
}

/** The inline stub: a block of its own, and no function. @param {Record<string, string>} whom */
async function stub(whom) {
  const text = await bundle(`import "./stub.js"`, "esm", true, whom);
  const { code = "" } = await minify(text, TERSER);
  return code.trim();
}

/** Whom an inline stub may tell. A page has one that holds nothing else. */
const STUBS = ["google", "google_advanced", "microsoft_uet"];

/** The inline stubs, by their file's name. @returns {Promise<[string, string][]>} */
async function stubs() {
  const [google, advanced, uet] = STUBS;
  const all = [[google], [advanced], [uet], [google, uet], [advanced, uet]];
  return Promise.all(
    all.map(async (told) => [
      `stubs/${told.join("+")}.js`,
      await stub({
        GOOGLE: `${told[0] !== uet}`,
        ADVANCED: `${told.includes(advanced)}`,
        UET: `${told.includes(uet)}`,
      }),
    ]),
  );
}

/**
 * Has V8 compile all of a script while it is loaded, beside the page's thread. Else it would compile
 * each function there when it is first called; on a first visit nearly all of them are.
 */
const AT_ONCE = "//# allFunctionsCalledOnLoad\n";

/** What every page loads: a function that waits for a microtask (src/memory.js says why). */
async function banner() {
  const text = await bundle(`import "./main.js"`, "esm", true);
  const { code = "" } = await minify(`(async () => {${text}})()`, TERSER);
  return AT_ONCE + code;
}

/** What a module exports by default, as one expression. @param {string} path */
async function expression(path) {
  const text = await bundle(`import it from "./${path}"; export default it`, "esm");
  const inside = text.replace(/export \{\s*(\w+) as default\s*\};/, "return $1;");
  const { code = "" } = await minify(`(() => {${inside}})()`, {
    ...TERSER,
    compress: { .../** @type {object} */ (TERSER.compress), expression: true },
  });
  return code.replace(/;$/, "");
}

/** The names of the files in a folder of src/. @param {string} folder @param {string} end */
const filesIn = (folder, end) =>
  readdirSync(new URL(folder, SRC))
    .filter((name) => name.endsWith(end))
    .sort();

/** Every built file by its name. @returns {Promise<Record<string, string>>} */
async function all() {
  /** @type {Record<string, string>} */
  const files = {
    "banner.js": await banner(),
    "settings.js": await program("settings/main.js"),
    "language.js": await expression("language.js"),
    "banner.css": await minifiedStyle(new URL("ui/banner.css", SRC)),
  };
  for (const name of filesIn("ui/layouts", ".css")) {
    files[`layouts/${name}`] = await minifiedStyle(new URL(`ui/layouts/${name}`, SRC));
  }
  for (const name of filesIn("extras", ".css")) {
    files[`extras/${name}`] = await minifiedStyle(new URL(`extras/${name}`, SRC));
  }
  for (const folder of ["extras", "parts"]) {
    for (const name of filesIn(folder, ".js")) {
      files[`${folder}/${name}`] = await expression(`${folder}/${name}`);
    }
  }
  return { ...files, ...Object.fromEntries(await stubs()) };
}

/** @param {Record<string, string>} files */
function write(files) {
  rmSync(BUILT, { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) {
    const file = new URL(name, BUILT);
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** @param {string | Uint8Array} bytes */
const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

/** Says a size, and fails above what is allowed.
 * @param {string} what @param {string} text @param {number} [allowed] */
function measure(what, text, allowed = Infinity) {
  const size = brotli(text);
  const limit = allowed < Infinity ? ` of ${allowed}` : "";
  const packed = gzipSync(text, { level: 9 }).length;
  console.log(`${what.padEnd(24)} ${text.length} bytes, gzip ${packed}, brotli ${size}${limit}`);
  if (size > allowed) throw new Error(`${what}: ${size - allowed} bytes too many`);
  return size;
}

/** @param {Record<string, string>} files */
function check(files) {
  for (const [name, text] of Object.entries(files)) measure(basename(name), text);
  const one = compose(makeConfig({ languages: ["en"] }));
  const two = compose(makeConfig({ languages: ["en", "sv"] }));
  for (const text of [one.banner, one.settings, two.banner]) new Script(text);
  console.log("composed: one language, six declarations");
  const core = measure("bare, on every page", one.banner, BARE_BUDGET);
  const full = compose(makeConfig({ languages: ["en"], ...CHANGED }), { parts: PARTS });
  measure("with parts and a change", full.banner, BUDGET);
  measure("layer two", one.settings);
  measure("both", one.banner + one.settings);
  const more = measure("with a second language", two.banner) - core;
  if (more > LANGUAGE_BUDGET) throw new Error(`a further language costs ${more} bytes`);
  for (const name of STUBS) {
    const filled = files[`stubs/${name}.js`].replace(/__[A-Z]+__/g, "1").replace(/__\w+__/, "182");
    measure(`inline stub, ${name}`, filled, STUB_BUDGET);
  }
}

const files = await all();
write(files);
check(files);
