/**
 * The recipes of the help page about `window.consent`, each as a reader copies it: nothing is asked
 * of the vendor before the yes, what is to be asked is asked after it.
 *
 * @import { Page } from "playwright-core"
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { TAG } from "../harness.mjs";
import { setUp, until, visit, wait } from "./visit.mjs";

setUp();

/** @param {string} name */
const help = (name) =>
  readFileSync(new URL(`../../../consent_service/help/${name}.md`, import.meta.url), "utf8");

const HELP = help("api");
const TYPES = readFileSync(new URL("../../types/consent.d.ts", import.meta.url), "utf8");

/** The code of a part of a page. @param {string} anchor */
function recipe(anchor, page = HELP) {
  const [, part = ""] = page.split(`{#${anchor}}\n`);
  const [, code] = /^```\n(.*?)^```$/ms.exec(part.split(/^#/m)[0]) ?? [];
  assert.ok(code, `the page has no recipe #${anchor}`);
  return code;
}

/** Every request to a host that is not of this machine; none leaves it. @param {Page} page */
async function vendors(page) {
  /** @type {string[]} */
  const asked = [];
  await page.route(/^https:/, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ body: "", contentType: "text/javascript" });
  });
  return asked;
}

/** A page with the code in it, loaded anew once its vendors are watched. @param {string} code */
async function pageWith(code) {
  const visitor = await visit({ body: `<main></main>${code}`, head: TAG });
  const asked = await vendors(visitor.page);
  await visitor.page.reload();
  await visitor.one.waitFor();
  await wait(visitor.page);
  return { ...visitor, asked };
}

/** The part of the page about signals that has Google's two. */
const GOOGLE = {
  "tag-manager": "https://www.googletagmanager.com/gtm.js?id=GTM-XXXX",
  google: "https://www.googletagmanager.com/gtag/js?id=G-XXXX",
};

/** Of whom each asks after the yes. */
const VENDORS = {
  meta: "https://connect.facebook.net/en_US/fbevents.js",
  matomo: "https://matomo.example.org/matomo.js",
  hotjar: "https://static.hotjar.com/c/hotjar-0.js?sv=6",
  youtube: "https://www.youtube-nocookie.com/embed/VIDEO",
  "google-maps": "https://www.google.com/maps/embed?pb=PLACE",
};

test("each recipe asks its vendor after the yes; none before, and none after a no", async () => {
  const { page, asked, reject, settings, two, errors } = await pageWith(
    `<a data-consent-open href="#settings">Cookie settings</a>` +
      Object.keys(GOOGLE).map((anchor) => recipe(anchor, help("signals"))).join("") +
      Object.keys(VENDORS).map((anchor) => recipe(anchor)).join(""),
  );
  const wanted = [...Object.values(GOOGLE), ...Object.values(VENDORS)].sort();
  assert.deepEqual(asked, []);
  await reject.click();
  await wait(page);
  assert.deepEqual(asked, []);
  await settings.click();
  await two.getByRole("button", { name: "Accept all" }).click();
  await until(() => asked.length >= wanted.length);
  await wait(page);
  assert.deepEqual(asked.sort(), wanted);
  assert.deepEqual(errors, []);
});

test("the recipe in plain HTML waits for its category", async () => {
  const { page, settings, toggle, save, reject } = await pageWith(recipe("plain-html"));
  const map = page.locator("[data-map]");
  assert.match(await map.innerText(), /once you allow preferences/);
  await reject.click();
  await wait(page);
  assert.match(await map.innerText(), /once you allow preferences/);
  assert.equal(await settings.count(), 0);
  await page.getByRole("button", { name: "Choose" }).click();
  await toggle("Preferences").check();
  await save.click();
  await until(async () => (await map.innerText()) === "Here is the map.");
});

test("the queue of the page hears the first state, and every other", async () => {
  const { page, accept } = await visit({ body: "<p>Tea", head: recipe("queue") + TAG });
  /** @type {string[]} */
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  await page.reload();
  await until(() => said.includes("now false"));
  await accept.click();
  await until(() => said.includes("from now on true"));
});

/**
 * A page's script made of a recipe's module and of what uses it.
 *
 * @param {string} anchor
 * @param {string} use  `recipe` is the module.
 */
async function bundled(anchor, use) {
  const { outputFiles } = await build({
    stdin: {
      contents: use,
      loader: "jsx",
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    plugins: [
      {
        name: "recipe",
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /^recipe$/ }, () => ({ path: "recipe", namespace: "help" }));
          onLoad({ filter: /./, namespace: "help" }, () => ({
            contents: recipe(anchor),
            loader: "jsx",
            resolveDir: fileURLToPath(new URL(".", import.meta.url)),
          }));
        },
      },
    ],
    // The package `vue` gives out this one, with compilers beside it that nothing here needs.
    alias: { vue: "@vue/runtime-dom" },
    define: {
      "process.env.NODE_ENV": '"production"',
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    jsx: "automatic",
    bundle: true,
    write: false,
    logLevel: "silent",
  });
  return `<script>${outputFiles[0].text.replaceAll("</script", "<\\/script")}</script>`;
}

test("the recipe for React follows the visitor's choices", async () => {
  const use = `import { createRoot } from "react-dom/client"; import { Film } from "recipe";
    createRoot(document.querySelector("main"))
      .render(<Film address="https://film.example/1" title="A film" />);`;
  const { page, asked, accept, two } = await pageWith(await bundled("react", use));
  assert.deepEqual(asked, []);
  await page.getByRole("button", { name: "Allow films" }).click();
  await two.waitFor();
  await page.keyboard.press("Escape");
  await accept.click();
  await page.locator("main iframe").waitFor();
  await until(() => asked.length === 1);
  await page.evaluate(() => /** @type {any} */ (window).consent.withdraw());
  await page.getByRole("button", { name: "Allow films" }).waitFor();
});

test("the recipe for React finds what was granted before", async () => {
  const use = `import { createRoot } from "react-dom/client"; import { Film } from "recipe";
    createRoot(document.querySelector("main"))
      .render(<Film address="https://film.example/1" title="A film" />);`;
  const { page, accept } = await pageWith(await bundled("react", use));
  await accept.click();
  await page.locator("main iframe").waitFor();
  await page.reload();
  await page.locator("main iframe").waitFor();
});

test("the recipe for Vue follows the visitor's choices", async () => {
  const use = `import { createApp, h } from "vue"; import { useConsent } from "recipe";
    createApp({ setup() { const granted = useConsent("marketing");
      return () => h("p", granted.value ? "granted" : "denied"); } }).mount("main");`;
  const { page, accept } = await pageWith(await bundled("vue", use));
  const told = page.locator("main p");
  assert.equal(await told.innerText(), "denied");
  await accept.click();
  await until(async () => (await told.innerText()) === "granted");
  await page.reload();
  await until(async () => (await told.innerText()) === "granted");
});

test("the page names every member that the types have, and no other", () => {
  const [, body = ""] = /interface ConsentApi \{(.*?)^\}/ms.exec(TYPES) ?? [];
  const typed = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name);
  const [, table = ""] = HELP.split("{#members}");
  const told = [...table.split(/^#/m)[0].matchAll(/^\| `(\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(told.sort(), typed.sort());
});
