/**
 * Automatic blocking: tags that nobody marked, of a host that the policy declares. The other
 * host's list of requests says whether it held.
 *
 * @import { Page } from "playwright-core"
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TAG, TEXT } from "../harness.mjs";
import { becomes, servers, setUp, stateOf, until, visit, wait } from "./visit.mjs";

setUp();

/** In the head and without `async`, as help asks for it: so it is there before the tags are. */
const FIRST = TAG.replace("async ", "");
/** @type {Record<string, any>} */
const HOSTS = { "ads.localhost": "marketing", "stats.localhost": "statistics" };

/** Pages name third parties by names of the loopback: hosts of their own to the browser.
 * @param {string} text */
const named = (text) =>
  text
    .replaceAll("{ads}", `http://cdn.ads.localhost:${servers.third.port}`)
    .replaceAll("{stats}", `http://stats.localhost:${servers.third.port}`)
    .replaceAll("{free}", `http://free.localhost:${servers.third.port}`);

/** @param {import("./visit.mjs").Visit & { tells?: boolean }} more */
const shop = ({ head = FIRST, body = TEXT, config = {}, tells = true, ...more } = {}) =>
  visit({
    head: `<script nonce="abc">Math.random = () => ${tells ? 0 : 0.99}</script>${named(head)}`,
    body: named(body),
    parts: ["blocking"],
    config: { hosts: HOSTS, ...config },
    ...more,
  });

/** What the service was told was caught. */
const caught = () =>
  servers.service.asked
    .filter(({ url }) => url.endsWith("/caught"))
    .map(({ body }) => JSON.parse(body));

/** What third parties were asked for, by host. */
const asked = () =>
  servers.third.asked
    .map(({ url, headers }) => `${headers.host?.split(":")[0]}${url.split("?")[0]}`)
    .sort();

/** What a page's own script may do to load something, by kind.
 * @type {Record<string, string>} */
const ACTS = {
  "script by its property": `make("script", (it) => (it.src = "{ads}/p.js?name=p"))`,
  "script by its attribute": `make("script", (it) => it.setAttribute("SRC", "{ads}/a.js?name=a"))`,
  "script that gets its type last": `make("script", (it) => { it.src = "{ads}/t.js?name=t"; it.type = "text/javascript"; })`,
  "script that is inserted first": `{ const it = document.body.appendChild(document.createElement("script")); it.src = "{ads}/f.js?name=f"; }`,
  "iframe by its property": `make("iframe", (it) => (it.src = "{ads}/p.frame"))`,
  "iframe by its attribute": `make("iframe", (it) => it.setAttribute("src", "{ads}/a.frame"))`,
  "iframe in a text": `document.body.insertAdjacentHTML("beforeend", '<iframe src="{ads}/t.frame"></iframe>')`,
  "picture in a text": `make("div", (it) => (it.innerHTML = '<img alt="" src={ads}/t.gif>'))`,
  "iframe deep in a text": `make("div", (it) => (it.innerHTML = "<p><b><iframe title='x' src = '{ads}/n.frame'></iframe></b></p>"))`,
  "picture by its property": `make("img", (it) => (it.src = "{ads}/p.gif"))`,
  "picture by its attribute": `make("img", (it) => it.setAttribute("src", "{ads}/a.gif"))`,
  "link by its property": `make("link", (it) => { it.rel = "stylesheet"; it.href = "{ads}/p.css"; })`,
  "link by its attribute": `make("link", (it) => { it.rel = "stylesheet"; it.setAttribute("href", "{ads}/a.css"); })`,
  "link in a text": `document.body.insertAdjacentHTML("beforeend", '<link rel="stylesheet" href="{ads}/t.css">')`,
  "film by its property": `make("video", (it) => (it.src = "{ads}/p.mp4"))`,
  "film in a text": `document.body.insertAdjacentHTML("beforeend", '<video src="{ads}/t.mp4"></video>')`,
};

/** What is no element, and what the page hears of it. @type {Record<string, string>} */
const REQUESTS = {
  "pixel in no page": `new Promise((done) => { const it = new Image(); it.onload = () => done("load"); it.onerror = () => done("error"); it.src = "{ads}/pixel.gif"; })`,
  fetch: `fetch("{ads}/fetch").then(() => "load", (error) => error.constructor.name)`,
  "fetch of a request": `fetch(new Request("{ads}/request")).then(() => "load", (error) => error.constructor.name)`,
  "fetch of a URL": `fetch(new URL("{ads}/url")).then(() => "load", (error) => error.constructor.name)`,
  xhr: `new Promise((done) => { const it = new XMLHttpRequest(); it.open("GET", "{ads}/xhr"); it.onload = () => done("load"); it.onerror = () => done(["error", it.status]); it.send(); })`,
  beacon: `navigator.sendBeacon("{ads}/beacon", "x")`,
};

const MAKE = `const make = (name, action) => { const it = document.createElement(name); action(it); document.body.append(it); };`;

/** @param {Page} page @param {string} act */
const perform = (page, act) => page.evaluate(named(`(async () => { ${MAKE} ${act} })()`));

for (const [name, act] of Object.entries(ACTS)) {
  test(`r01, r23: a ${name} waits for the yes, and after a no for ever`, async () => {
    const { page, reject } = await shop();
    await reject.waitFor();
    await perform(page, act);
    await wait(page, 150);
    assert.deepEqual(asked(), [], "before the answer");
    await reject.click();
    await perform(page, act);
    await wait(page, 150);
    assert.deepEqual(asked(), [], "after the no");
  });

  test(`a ${name} loads, once, when its category is granted`, async () => {
    const { page, accept } = await shop();
    await accept.waitFor();
    await perform(page, act);
    await accept.click();
    await until(() => asked().length > 0, "it loads");
    await wait(page, 150);
    assert.equal(asked().length, name.startsWith("film") ? asked().length : 1);
    const runs = name.startsWith("script") ? 1 : undefined;
    await becomes(page, `window.ran?.length === ${runs}`);
    assert.equal(await page.evaluate("window.ran?.length"), runs);
  });
}

for (const [name, act] of Object.entries(REQUESTS)) {
  const heard =
    name === "beacon"
      ? true
      : name === "xhr"
        ? ["error", 0]
        : name.startsWith("pixel")
          ? "error"
          : "TypeError";
  test(`r01, r23: a ${name} before the yes and after a no fails as without a network`, async () => {
    const { page, reject } = await shop();
    await reject.waitFor();
    assert.deepEqual(await perform(page, `return ${act}`), heard);
    await reject.click();
    assert.deepEqual(await perform(page, `return ${act}`), heard);
    await wait(page, 150);
    assert.deepEqual(asked(), []);
  });

  test(`a ${name} after the yes leaves, and none of those before it`, async () => {
    const { page, accept } = await shop();
    await accept.waitFor();
    await perform(page, `return ${act}`);
    await accept.click();
    await perform(page, `return ${act}`).catch(() => {});
    await until(() => asked().length === 1);
    await wait(page, 150);
    assert.equal(asked().length, 1);
  });
}

const WRITTEN = `<script src="{ads}/w.js?name=w"><\\/script><iframe src="{ads}/w.frame"></iframe><img src="{ads}/w.gif">`;
for (const way of ["write", "writeln"]) {
  test(`r01, r23: what document.${way} writes waits for the yes, then runs in its place`, async () => {
    const { page, accept } = await shop({
      body: `<p id="before">1</p><script>document.${way}('${WRITTEN}', '<p id="after">2</p>')</script>${TEXT}`,
    });
    await accept.waitFor();
    await wait(page, 150);
    assert.deepEqual(asked(), []);
    const order = await page.evaluate(() =>
      [...document.querySelectorAll("#before,script[data-consent],iframe,#after")].map(
        ({ localName }) => localName,
      ),
    );
    assert.deepEqual(order, ["p", "script", "iframe", "p"]);
    await accept.click();
    await until(() => asked().length === 3);
    // It has been asked for: it runs a moment later.
    await becomes(page, "window.ran?.length === 1");
    assert.deepEqual(await page.evaluate("window.ran"), ["w"]);
  });
}

/** Every carrier as the parser meets it, near the top of the page and far down. @param {string} at */
const parsed = (at) => `
<script src="{ads}/${at}1.js?name=${at}1"></script>
<script async src="{ads}/${at}2.js?name=${at}2"></script>
<script defer src="{stats}/${at}3.js?name=${at}3"></script>
<script type="module" src="{ads}/${at}4.js?name=${at}4"></script>
<iframe src="{ads}/${at}.frame" title="A film" width="400" height="225"></iframe>
<img src="{ads}/${at}.gif" alt="">
<video src="{ads}/${at}.mp4"></video>
<link rel="stylesheet" href="{ads}/${at}.css">`;
/** Far enough that the first bytes of the page do not hold it. */
const FAR = "<p>Tea is a drink made from leaves.</p>".repeat(4000);

/**
 * Where the parser meets a carrier, a request may leave before any script can know of it: the
 * preload scanner asks for scripts, modules, pictures and style sheets, and a frame starts as it is
 * inserted. A film never does.
 */
const EARLY = /\.(js|gif|css|frame)$/;

/** @param {Page} page */
const framed = (page) =>
  page
    .frames()
    .map((frame) => frame.url())
    .filter((url) => /ads|stats/.test(url));

test("r01, r02: no tag of a declared host runs before the yes; the browser alone may ask for one", async () => {
  const { page, accept } = await shop({ body: parsed("top") + FAR + parsed("deep") + TEXT });
  await accept.waitFor();
  await wait(page, 400);
  assert.equal(await page.evaluate("window.ran"), undefined);
  assert.deepEqual(
    asked().filter((path) => !EARLY.test(path)),
    [],
  );
  assert.deepEqual(framed(page), [], "no frame holds a page of theirs");
  const left = await page.evaluate(() =>
    [...document.querySelectorAll("[src],link[href]")]
      .map((it) => it.getAttribute("src") ?? it.getAttribute("href"))
      .filter((address) => /ads|stats/.test(address ?? "")),
  );
  assert.deepEqual(left, [], "none of them has its address");
});

test("r23: after a no they do not run on the next page either", async () => {
  const { page, reject } = await shop({ body: parsed("top") + FAR + parsed("deep") + TEXT });
  await reject.click();
  await page.goto(`${servers.url}/two`);
  await wait(page, 400);
  assert.equal(await page.evaluate("window.ran"), undefined);
  assert.deepEqual(
    asked().filter((path) => !EARLY.test(path)),
    [],
  );
  assert.deepEqual(framed(page), []);
});

test("on a yes they run once, in the page's order, and those of a denied category stay", async () => {
  const body = parsed("top") + FAR + parsed("deep") + TEXT;
  const { page, choose, toggle, save } = await shop({ body });
  await choose.click();
  await toggle("Marketing").click();
  await save.click();
  await becomes(page, "window.ran?.length >= 6");
  await wait(page, 300);
  const ran = await page.evaluate("window.ran");
  assert.deepEqual([...ran].sort(), ["deep1", "deep2", "deep4", "top1", "top2", "top4"]);
  const ordered = ran.filter((/** @type {string} */ name) => !name.endsWith("2"));
  assert.deepEqual(ordered, ["top1", "top4", "deep1", "deep4"]);
  await page.frameLocator("iframe >> nth=0").getByText("Hi").waitFor();
});

test("who granted comes back to a page in which nothing waits", async () => {
  const { page, accept } = await shop({ body: parsed("top") + TEXT });
  await accept.click();
  await becomes(page, "window.ran?.length === 4");
  await page.goto(`${servers.url}/two`);
  await becomes(page, "window.ran?.length === 4");
  await page.frameLocator("iframe").getByText("Hi").waitFor();
});

test("r24: what ran without a mark is stopped by the reload, and an embed goes back", async () => {
  const { page, accept, context } = await shop({ body: parsed("top") + TEXT });
  await accept.click();
  await becomes(page, "window.ran?.length === 4");
  await context.addInitScript("window.anew = true");
  await page.evaluate("consent.withdraw()");
  await becomes(page, "window.anew");
  await wait(page, 300);
  assert.equal(await page.evaluate("window.ran"), undefined);
  assert.equal(await page.locator("iframe").getAttribute("src"), null);
});

test("r25: an embed that was caught has its notice, and loads by its button alone", async () => {
  const { page, accept } = await shop();
  await accept.waitFor();
  await perform(
    page,
    `document.querySelector("main").insertAdjacentHTML("afterbegin",
    '<iframe src="{ads}/film" title="A film" width="400" height="300"></iframe>')`,
  );
  assert.deepEqual(asked(), []);
  await page.frameLocator("iframe").getByRole("button").click();
  await page.frameLocator("iframe").getByText("Hi").waitFor();
  assert.deepEqual(asked(), ["cdn.ads.localhost/film"]);
  assert.equal((await stateOf(page)).marketing, false);
});

test("the site's own mark is the gate's affair, whatever the host is declared for", async () => {
  const { page, choose, toggle, save } = await shop({
    body: `<script type="text/plain" data-consent="statistics" src="{ads}/mine.js?name=mine"></script>
      <img data-consent="statistics" data-consent-src="{ads}/mine.gif" alt="">${TEXT}`,
  });
  await choose.click();
  assert.deepEqual(asked(), []);
  await toggle("Statistics").click();
  await save.click();
  await becomes(page, "window.ran?.length === 1");
  // The picture and the script are asked for at once, and come as they like.
  await until(() => asked().length >= 2);
  assert.deepEqual(asked(), ["cdn.ads.localhost/mine.gif", "cdn.ads.localhost/mine.js"]);
});

test("other hosts, the page's own and its requests are left alone, before an answer and after", async () => {
  const { page, reject, errors } = await shop({
    config: { hosts: { ...HOSTS, localhost: "marketing" } },
    body: `<script src="{free}/free.js?name=free"></script><img src="{free}/free.gif" alt=""><script src="/own.js"></script>
      <a id="out" href="{ads}/page">out</a>${TEXT}`,
  });
  await reject.waitFor();
  const act = `return [await fetch("/own").then((it) => it.status), await new Promise((done) => {
    const it = new XMLHttpRequest(); it.onload = () => done(it.status); it.open("GET", "/own"); it.send(); }),
    navigator.sendBeacon("/own"), document.querySelector("#out").href, document.querySelector("#out").attributes.length]`;
  for (const _ of [1, 2]) {
    assert.deepEqual(await perform(page, act), [200, 200, true, named("{ads}/page"), 2]);
    if (await reject.isVisible()) await reject.click();
  }
  assert.deepEqual(asked(), ["free.localhost/free.gif", "free.localhost/free.js"]);
  assert.deepEqual(await page.evaluate("window.ran"), ["free"]);
  assert.deepEqual(
    errors.filter((error) => !/own\.js|Unexpected token/.test(error)),
    [],
  );
});

test("a receipt leaves also where the policy declares the service's own host", async () => {
  const { reject } = await shop({ config: { hosts: { ...HOSTS, "127.0.0.1": "marketing" } } });
  await reject.click();
  await until(() => servers.service.asked.some(({ url }) => url.endsWith("/receipts")));
});

test("of two declared hosts the narrower one counts, and a host may need two categories", async () => {
  const { page, choose, toggle, save } = await shop({
    config: {
      hosts: {
        "cdn.ads.localhost": "statistics",
        "ads.localhost": "marketing",
        "stats.localhost": /** @type {any} */ ("statistics marketing"),
      },
    },
    body: `<img src="{ads}/narrow.gif" alt=""><img src="{stats}/both.gif" alt="">${TEXT}`,
  });
  servers.third.asked.length = 0;
  await choose.click();
  await toggle("Statistics").click();
  await save.click();
  await until(() => asked().length === 1);
  await wait(page, 150);
  assert.deepEqual(asked(), ["cdn.ads.localhost/narrow.gif"]);
  // What runs with a yes of its own may go on asking the host that it came from.
  await perform(page, 'await fetch("{stats}/both").catch(() => {})');
  assert.deepEqual(asked().at(-1), "stats.localhost/both");
});

test("an element that is given another, free address keeps it", async () => {
  const { page, reject } = await shop();
  await reject.waitFor();
  await perform(
    page,
    `make("img", (it) => { it.id = "one"; it.src = "{ads}/1.gif"; }); one.src = "{free}/2.gif"`,
  );
  await reject.click();
  await until(() => asked().length === 1);
  assert.equal(await page.locator("#one").getAttribute("src"), named("{free}/2.gif"));
  await perform(page, `one.src = "{ads}/3.gif"`);
  await wait(page, 150);
  assert.deepEqual(asked(), ["free.localhost/2.gif"]);
});

test("a text that only speaks of an address is shown as it is", async () => {
  const { page, reject } = await shop();
  await reject.waitFor();
  const text = named(`<pre>&lt;script src="{ads}/x.js"&gt;</pre><a href="{ads}/x">x</a>`);
  await page.evaluate((text) => (document.body.innerHTML = text), text);
  assert.equal(await page.evaluate("document.querySelector('pre').outerHTML"), text.split("<a")[0]);
  assert.equal(await page.getAttribute("a", "href"), named("{ads}/x"));
});

test("natives keep their names, lengths and texts", async () => {
  const look = `[fetch, Navigator.prototype.sendBeacon, XMLHttpRequest.prototype.open, Document.prototype.write, Element.prototype.setAttribute,
    ...[[HTMLScriptElement, "src"], [HTMLIFrameElement, "src"], [HTMLImageElement, "src"], [HTMLMediaElement, "src"], [HTMLLinkElement, "href"],
      [Element, "innerHTML"]].map(([it, name]) => Object.getOwnPropertyDescriptor(it.prototype, name).set)]
    .map((it) => [it.name, it.length, /native code/.test(Function.prototype.toString.call(it))])`;
  const plain = await visit({ body: TEXT });
  const want = await plain.page.evaluate(look);
  const { page, reject } = await shop();
  await reject.waitFor();
  assert.deepEqual(await page.evaluate(look), want);
});

test("two installs are harmless", async () => {
  const { page, accept } = await shop({
    parts: ["blocking", "blocking"],
    body: parsed("top") + TEXT,
  });
  await accept.waitFor();
  await perform(page, ACTS["script by its property"]);
  assert.deepEqual(await perform(page, `return ${REQUESTS.fetch}`), "TypeError");
  await accept.click();
  await becomes(page, "window.ran?.length === 5");
  await wait(page, 200);
  assert.equal(await page.evaluate("window.ran.length"), 5);
});

test("what was caught is told once for each host and kind, and nothing else of it", async () => {
  const { page, reject } = await shop();
  await reject.waitFor();
  const act = `${ACTS["script by its property"]}; ${ACTS["picture by its property"]}; ${REQUESTS.fetch}; ${REQUESTS.xhr}; ${REQUESTS.beacon};`;
  await perform(page, act);
  await perform(page, act.replaceAll("{ads}", "{ads}/again?id=7"));
  await until(() => caught().length >= 5);
  await wait(page, 1500);
  assert.deepEqual(
    caught()
      .map(({ kind }) => kind)
      .sort(),
    ["beacon", "fetch", "img", "script", "xhr"],
  );
  assert.ok(
    caught().every(
      (body) => Object.keys(body).join() === "host,kind" && body.host === "ads.localhost",
    ),
  );
  const { method, url, headers } =
    servers.service.asked.find(({ url }) => url.endsWith("/caught")) ?? {};
  assert.deepEqual(
    [method, url, headers?.["content-type"]?.split(";")[0], headers?.cookie],
    ["POST", "/v1/sites/shop/caught", "text/plain", undefined],
  );
  assert.equal(headers?.referer, `${servers.url}/`);
});

test("seven page views in eight tell nothing, and hold all the same", async () => {
  const { page, reject } = await shop({ tells: false });
  await reject.waitFor();
  await perform(page, ACTS["script by its property"]);
  await wait(page, 1500);
  assert.deepEqual([caught(), asked()], [[], []]);
});

test("with nothing to catch nothing is told", async () => {
  const { page, accept } = await shop({
    body: `<script src="{free}/free.js?name=free"></script>${TEXT}`,
  });
  await accept.click();
  await wait(page, 1500);
  assert.deepEqual(caught(), []);
});

const STRICT =
  "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; img-src *; frame-src *; connect-src *; base-uri 'none'";
for (const [name, policy, runs] of /** @type {[string, string, boolean][]} */ ([
  ["a strict policy", STRICT, true],
  [
    "a strict policy and Trusted Types",
    `${STRICT}; require-trusted-types-for 'script'; trusted-types consent shop`,
    true,
  ],
  [
    "Trusted Types that forbid our policy",
    `${STRICT}; require-trusted-types-for 'script'; trusted-types shop`,
    false,
  ],
])) {
  test(`under ${name} it holds, ${runs ? "lets go" : "keeps holding"}, and nothing is reported`, async () => {
    const { page, accept, errors } = await shop({
      headers: { "content-security-policy": policy },
      head: FIRST.replace("<script", '<script nonce="abc"'),
      body: `<script nonce="abc" src="{ads}/parsed.js?name=parsed"></script><script nonce="abc">
        const own = window.trustedTypes?.createPolicy("shop", { createScriptURL: (text) => text }) ?? { createScriptURL: (text) => text };
        const it = document.createElement("script"); it.src = own.createScriptURL("{ads}/made.js?name=made"); document.head.append(it);
        document.addEventListener("securitypolicyviolation", ({ violatedDirective }) => (window.reports ??= []).push(violatedDirective));
      </script>${TEXT}`,
    });
    await accept.waitFor();
    await wait(page, 200);
    assert.equal(await page.evaluate("window.ran"), undefined);
    assert.deepEqual(
      [await page.evaluate("window.reports"), errors.filter((text) => !/preload/.test(text))],
      [undefined, []],
    );
    await accept.click();
    if (runs) await becomes(page, "window.ran?.length === 2");
    else await wait(page, 300);
    const ran = (await page.evaluate("window.ran")) ?? [];
    assert.deepEqual([...ran].sort(), runs ? ["made", "parsed"] : []);
  });
}
