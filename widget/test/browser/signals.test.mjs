/**
 * What each vendor is told, and in which order: every part by itself in a page, beside what the
 * vendor's own snippet makes there. The calls are exact, because a vendor ignores others.
 *
 * @import { Page } from "playwright-core"
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { part, PARTS } from "../built.mjs";
import { TAG, TEXT } from "../harness.mjs";
import { becomes, servers, setUp, visit } from "./visit.mjs";

setUp();

/** Each story has it to itself, loaded anew. @type {Page | undefined} */
let page;

const ALL = ["preferences", "statistics", "marketing"];

/**
 * @typedef {object} Story
 * @property {string} [before]  Runs before the part: what the page has by then.
 * @property {string} [after]  Runs after the part and before any change.
 * @property {string[]} [start]  The categories in force at first.
 * @property {string[][]} [then]  The categories in force after each change.
 * @property {number} [told]  What the inline stub has told.
 */

/** Run one part through a story, and read what the vendor has heard.
 * @param {string} name @param {string} heard @param {Story} story */
async function tell(name, heard, { before = "", after = "", start = [], then = [], told }) {
  page ??= (await visit({ body: "", stays: true })).page;
  await page.goto(servers.url);
  await page.evaluate(`(async () => {
    let force = ${JSON.stringify(start)};
    const has = (category) => category === "necessary" || force.includes(category);
    ${told === undefined ? "" : `window.consent = Object.assign([], { told: ${told} });`}
    ${before};
    const names = ["necessary", ...${JSON.stringify(ALL)}];
    const now = () => [
      names.reduce((set, name, place) => set | (has(name) << place), 0) >> 1,
      Object.fromEntries(names.map((name) => [name, has(name)])),
    ];
    const update = (${part(name)})(has, { now });
    ${after};
    for (force of ${JSON.stringify(then)}) update();
  })()`);
  return page.evaluate(heard);
}

/** The seven stories that each vendor is told.
 * @type {Record<string, Story>} */
const STORIES = {
  "on a first visit": {},
  "when all is accepted": { then: [ALL] },
  "when statistics alone are granted": { then: [["statistics"]] },
  "when all is refused": { then: [[]] },
  "when a grant is withdrawn": { start: ALL, then: [[]] },
  "when who granted comes back": { start: ALL },
  "when who granted statistics alone comes back": { start: ["statistics"] },
};

/**
 * @param {string} name @param {string} heard
 * @param {Record<string, unknown[]>} want  By story.
 * @param {Story} [around]
 */
function table(name, heard, want, around = {}) {
  for (const [story, steps] of Object.entries(STORIES)) {
    test(`r27: ${name} hears exactly what it must ${story}`, async () => {
      const got = await tell(name, heard, { ...around, ...steps });
      assert.deepEqual(got, want[story]);
    });
  }
}

/** @param {string} preferences @param {string} statistics @param {string} marketing */
const google = (preferences, statistics, marketing) => ({
  ad_storage: marketing,
  ad_user_data: marketing,
  ad_personalization: marketing,
  analytics_storage: statistics,
  functionality_storage: preferences,
  personalization_storage: preferences,
  security_storage: "granted",
});
const [YES, NO] = ["granted", "denied"];
/** @param {string[]} granted */
const event = (granted) => ({
  event: "consent_update",
  consent: Object.fromEntries(
    ["necessary", ...ALL].map((name) => [name, name === "necessary" || granted.includes(name)]),
  ),
});
const DENIED = ["arguments", "consent", "default", google(NO, NO, NO)];
const REFUSED = [["arguments", "consent", "update", google(NO, NO, NO)], event([])];
const GRANTED = [["arguments", "consent", "update", google(YES, YES, YES)], event(ALL)];
const PARTIAL = [["arguments", "consent", "update", google(NO, YES, NO)], event(["statistics"])];

/** Google knows a command by its being an `arguments` object. */
const LAYER = `(window.dataLayer ?? []).map((entry) =>
  String(entry) === "[object Arguments]" ? ["arguments", ...entry] : entry)`;

table("google", LAYER, {
  "on a first visit": [DENIED],
  "when all is accepted": [DENIED, ...GRANTED],
  "when statistics alone are granted": [DENIED, ...PARTIAL],
  "when all is refused": [DENIED, ...REFUSED],
  "when a grant is withdrawn": [DENIED, ...GRANTED, ...REFUSED],
  "when who granted comes back": [DENIED, ...GRANTED],
  "when who granted statistics alone comes back": [DENIED, ...PARTIAL],
});

test("r02: google_advanced sets the three switches with the default, before anything else", async () => {
  assert.deepEqual(await tell("google_advanced", LAYER, { start: ALL }), [
    ["arguments", "consent", "default", { ...google(NO, NO, NO), wait_for_update: 500 }],
    ["arguments", "set", { ads_data_redaction: true, url_passthrough: true }],
    ...GRANTED,
  ]);
});

/** What the stub has told, and what is in force when the banner comes.
 * @type {[string, number, string[], unknown[]][]} */
const AFTER_STUB = [
  ["nothing, and nothing is in force", 0, [], []],
  ["all, and all is in force", 7, ALL, [event(ALL)]],
  ["statistics, and it is in force", 2, ["statistics"], [event(["statistics"])]],
  ["all, and statistics alone is in force", 7, ["statistics"], PARTIAL],
  ["all, and nothing is in force", 7, [], [REFUSED[0]]],
  ["nothing, and all is in force", 0, ALL, GRANTED],
];
for (const [name, told, start, want] of AFTER_STUB) {
  for (const vendor of ["google", "google_advanced"]) {
    test(`after a stub that told ${name}, ${vendor} hears no second default`, async () => {
      assert.deepEqual(await tell(vendor, LAYER, { told, start }), want);
    });
  }
}

test("google is told in the queue that the page has", async () => {
  const page = `dataLayer = [{ page: "home" }]`;
  const got = await tell("google", LAYER, { before: `window.${page}`, then: [ALL] });
  assert.deepEqual(got, [{ page: "home" }, DENIED, ...GRANTED]);
});

/** @param {string} command @param {string} word */
const uet = (command, word) => ["consent", command, { ad_storage: word }];
const UETQ = "window.uetq ?? []";

table("microsoft_uet", UETQ, {
  "on a first visit": uet("default", NO),
  "when all is accepted": [...uet("default", NO), ...uet("update", YES)],
  "when statistics alone are granted": [...uet("default", NO), ...uet("update", NO)],
  "when all is refused": [...uet("default", NO), ...uet("update", NO)],
  "when a grant is withdrawn": [...uet("default", NO), ...uet("update", YES), ...uet("update", NO)],
  "when who granted comes back": [...uet("default", NO), ...uet("update", YES)],
  "when who granted statistics alone comes back": uet("default", NO),
});

for (const [name, told, start, want] of /** @type {[string, number, string[], unknown[]][]} */ ([
  ["nothing, and nothing is in force", 0, [], []],
  ["marketing, and it is in force", 4, ["marketing"], []],
  ["marketing, and it is not in force", 4, [], uet("update", NO)],
  ["statistics, and marketing is in force", 2, ["marketing"], uet("update", YES)],
])) {
  test(`after a stub that told ${name}, microsoft_uet hears no second default`, async () => {
    assert.deepEqual(await tell("microsoft_uet", UETQ, { told, start }), want);
  });
}

/** @param {string} ads @param {string} statistics */
const clarity = (ads, statistics) => [
  "consentv2",
  { ad_Storage: ads, analytics_Storage: statistics },
];

table("clarity", "(window.clarity?.q ?? []).map((entry) => [...entry])", {
  "on a first visit": [clarity(NO, NO)],
  "when all is accepted": [clarity(NO, NO), clarity(YES, YES)],
  "when statistics alone are granted": [clarity(NO, NO), clarity(NO, YES)],
  "when all is refused": [clarity(NO, NO), clarity(NO, NO)],
  "when a grant is withdrawn": [clarity(YES, YES), clarity(NO, NO)],
  "when who granted comes back": [clarity(YES, YES)],
  "when who granted statistics alone comes back": [clarity(NO, YES)],
});

table("matomo", "window._paq ?? []", {
  "on a first visit": [["requireConsent"]],
  "when all is accepted": [["requireConsent"], ["setConsentGiven"]],
  "when statistics alone are granted": [["requireConsent"], ["setConsentGiven"]],
  "when all is refused": [["requireConsent"], ["forgetConsentGiven"]],
  "when a grant is withdrawn": [["requireConsent"], ["setConsentGiven"], ["forgetConsentGiven"]],
  "when who granted comes back": [["requireConsent"], ["setConsentGiven"]],
  "when who granted statistics alone comes back": [["requireConsent"], ["setConsentGiven"]],
});

/**
 * Vendors whose snippet makes the function itself, each as its snippet does it: what it finds at
 * its name, it takes for itself already loaded; its queue comes after the function; its first
 * words follow at once.
 *
 * @type {Record<string, { snippet: string, heard: string, words: string[] }>}
 */
const VENDORS = {
  meta: {
    snippet: `(() => {
      if (window.fbq) throw new Error("loaded twice");
      let n = (window.fbq = function () { n.queue.push([...arguments]); });
      n.push = n; n.loaded = true; n.queue = [];
    })();
    fbq("init", "1"); fbq("track", "PageView");`,
    heard: "window.fbq?.queue ?? []",
    words: ["init", "track"],
  },
  pinterest: {
    snippet: `if (!window.pintrk) {
      window.pintrk = function () { window.pintrk.queue.push([...arguments]); };
      const n = window.pintrk; n.queue = []; n.version = "3.0";
    }
    pintrk("load", "1"); pintrk("page");`,
    heard: "window.pintrk?.queue ?? []",
    words: ["load", "page"],
  },
  reddit: {
    snippet: `if (!window.rdt) {
      const p = (window.rdt = function () { p.callQueue.push([...arguments]); });
      p.callQueue = [];
    }
    rdt("init", "1"); rdt("track", "PageVisit");`,
    heard: "window.rdt?.callQueue ?? []",
    words: ["init", "track"],
  },
  tiktok: {
    snippet: `(() => {
      const ttq = (window.ttq = window.ttq || []);
      for (const name of ["page", "holdConsent", "grantConsent", "revokeConsent"])
        ttq[name] = (...values) => ttq.push([name, ...values]);
      ttq.page();
    })();`,
    heard: "[...(window.ttq ?? [])]",
    words: ["page"],
  },
  posthog: {
    snippet: `(() => {
      const e = window.posthog || [];
      if (e._i) throw new Error("loaded twice");
      window.posthog = e; e._i = [];
      e.init = (key) => {
        for (const name of ["capture", "opt_in_capturing", "opt_out_capturing"])
          e[name] = (...values) => e.push([name, ...values]);
        e._i.push([key]);
      };
    })();
    posthog.init("key"); posthog.capture("seen");`,
    heard: "[...(window.posthog ?? [])]",
    words: ["capture"],
  },
};

const CAPTURE = { captureEventName: false };
/** What is said where all is granted, before an answer, and after a no.
 * @type {Record<string, { category: string, yes: unknown[], no: unknown[], revoked?: unknown[] }>} */
const WORDS = {
  meta: { category: "marketing", yes: ["consent", "grant"], no: ["consent", "revoke"] },
  pinterest: { category: "marketing", yes: ["setconsent", true], no: ["setconsent", false] },
  reddit: {
    category: "marketing",
    yes: ["enableFirstPartyCookies"],
    no: ["disableFirstPartyCookies"],
  },
  tiktok: {
    category: "marketing",
    yes: ["grantConsent"],
    no: ["holdConsent"],
    revoked: ["revokeConsent"],
  },
  posthog: {
    category: "statistics",
    yes: ["opt_in_capturing", CAPTURE],
    no: ["opt_out_capturing", CAPTURE],
  },
};

for (const [name, { snippet, heard, words }] of Object.entries(VENDORS)) {
  const { category, yes, no, revoked = no } = WORDS[name];
  const partial = category === "statistics" ? yes : revoked;
  const stories = {
    "on a first visit": [no],
    "when all is accepted": [no, yes],
    "when statistics alone are granted": [no, partial],
    "when all is refused": [no, revoked],
    "when a grant is withdrawn": [yes, revoked],
    "when who granted comes back": [yes],
    "when who granted statistics alone comes back": [category === "statistics" ? yes : no],
  };
  for (const [story, want] of Object.entries(stories)) {
    const steps = STORIES[story];
    test(`r27: ${name} hears exactly what it must ${story}, before its snippet's first word`, async () => {
      const got = await tell(name, heard, { ...steps, after: snippet });
      const own = got.filter((/** @type {unknown[]} */ [word]) => !words.includes(String(word)));
      assert.deepEqual(own, want);
      assert.deepEqual(got[0], want[0]);
      assert.equal(got.length, want.length + words.length, "and its snippet was not disturbed");
    });
    test(`r27: ${name} hears it ${story} also where its snippet ran before us`, async () => {
      const got = await tell(name, heard, { ...steps, before: snippet });
      assert.deepEqual(
        got.map((/** @type {unknown[]} */ [word]) => word),
        [...words, ...want.map(([word]) => word)],
      );
    });
  }

  test(`${name}: where it never comes nothing is there, and no choice fails`, async () => {
    const global = /** @type {string} */ (heard.match(/window\.(\w+)/)?.[1]);
    const [kind, listed] = await tell(
      name,
      `[typeof ${global}, Object.keys(window).includes("${global}")]`,
      {
        then: [ALL, []],
      },
    );
    assert.deepEqual([kind, listed], ["undefined", false]);
  });

  test(`${name}: once it was told its name is an ordinary property again`, async () => {
    const global = heard.match(/window\.(\w+)/)?.[1];
    const property = await tell(
      name,
      `(({ get, writable, configurable, enumerable }) => [!get, writable, configurable, enumerable])(
        Object.getOwnPropertyDescriptor(window, "${global}"))`,
      { after: snippet },
    );
    assert.deepEqual(property, [true, true, true, true]);
  });
}

/** As Shopify's platform has it: features load later; what it allows follows from its own rules
 * until it is told otherwise.
 * @param {boolean} allowed */
const shopify = (allowed) => `
  window.heard = [];
  window.Shopify = { loadFeatures(features, done) { heard.push(features); queueMicrotask(() => {
    let consent = { analytics: ${allowed}, marketing: ${allowed}, preferences: ${allowed}, sale_of_data: ${allowed} };
    Shopify.customerPrivacy ??= {
      analyticsProcessingAllowed: () => consent.analytics,
      marketingAllowed: () => consent.marketing,
      preferencesProcessingAllowed: () => consent.preferences,
      saleOfDataAllowed: () => consent.sale_of_data,
      setTrackingConsent(value, done) { consent = value; heard.push(value); done(); },
    };
    done();
  }); } };`;
const FEATURES = [{ name: "consent-tracking-api", version: "0.1" }];
/** @param {string[]} granted */
const shop = (granted) => ({
  analytics: granted.includes("statistics"),
  marketing: granted.includes("marketing"),
  preferences: granted.includes("preferences"),
  sale_of_data: granted.includes("marketing"),
});

/** @type {[string, boolean, Story, unknown[]][]} */
const SHOPS = [
  ["on a first visit where it allows nothing", false, {}, [FEATURES]],
  ["on a first visit where it would allow all", true, {}, [FEATURES, shop([])]],
  ["when all is accepted", false, { then: [ALL] }, [FEATURES, FEATURES, shop(ALL), shop(ALL)]],
  ["when all is refused", false, { then: [[]] }, [FEATURES, FEATURES, shop([])]],
  [
    "when who granted statistics alone comes back",
    false,
    { start: ["statistics"] },
    [FEATURES, shop(["statistics"])],
  ],
  ["when who granted comes back, and it knows", true, { start: ALL }, [FEATURES]],
];
for (const [name, allowed, steps, want] of SHOPS) {
  test(`r27: shopify hears exactly what it must ${name}`, async () => {
    const got = await tell("shopify", "heard", { ...steps, before: shopify(allowed) });
    // What is in force is read when the API has loaded: a change meanwhile is told, not missed.
    assert.deepEqual(got.at(-1), want.at(-1));
    assert.deepEqual(got[0], FEATURES);
    if (name !== "when all is accepted") assert.deepEqual(got, want);
  });
}

/** As the WP Consent API's script does it, cookies and all. */
const WORDPRESS = `
  window.heard = [];
  document.addEventListener("wp_consent_type_defined", () => heard.push(["type", window.wp_consent_type]));
  document.addEventListener("wp_listen_for_consent_change", ({ detail }) => heard.push(["change", detail]));
  window.stored = window.stored ?? {};
  window.wp_has_consent = (category) => !window.wp_consent_type || stored[category] === "allow";
  window.wp_set_consent = (category, value) => {
    const before = stored[category];
    stored[category] = value; heard.push([category, value]);
    if (before !== value)
      document.dispatchEvent(new CustomEvent("wp_listen_for_consent_change", { detail: { [category]: value } }));
  };`;
/** @param {string[]} granted */
const wordpress = (granted) =>
  [
    ["functional", "necessary"],
    ["preferences", "preferences"],
    ["statistics-anonymous", "statistics"],
    ["statistics", "statistics"],
    ["marketing", "marketing"],
  ].map(([theirs, ours]) => [
    theirs,
    ours === "necessary" || granted.includes(ours) ? "allow" : "deny",
  ]);
const CALLS = "heard.filter(([name]) => name !== 'change')";
const TYPE = ["type", "optin"];

/** @type {[string, Story, unknown[]][]} */
const WORDPRESSES = [
  ["on a first visit", {}, [TYPE]],
  ["when all is accepted", { then: [ALL] }, [TYPE, ...wordpress(ALL)]],
  [
    "when statistics alone are granted",
    { then: [["statistics"]] },
    [TYPE, ...wordpress(["statistics"])],
  ],
  [
    "when a grant is withdrawn",
    { start: ALL, then: [[]] },
    [TYPE, ...wordpress(ALL), ...wordpress([])],
  ],
  ["when who granted comes back", { start: ALL }, [TYPE, ...wordpress(ALL)]],
];
for (const [name, steps, want] of WORDPRESSES) {
  for (const when of /** @type {const} */ (["before", "after"])) {
    const late = `${WORDPRESS}; document.body.append(Object.assign(new Image(), { src: "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" }));
      await new Promise((done) => document.addEventListener("load", () => setTimeout(done), { once: true, capture: true }));`;
    test(`r27: wordpress hears exactly what it must ${name}, its API ${when === "before" ? "there" : "later"}`, async () => {
      const got = await tell("wordpress", CALLS, {
        ...steps,
        [when]: when === "before" ? WORDPRESS : late,
      });
      assert.deepEqual(got, want);
    });
  }
}

test("r27: wordpress is not told again what its cookies say", async () => {
  const stored = `window.stored = ${JSON.stringify(Object.fromEntries(wordpress(ALL)))}`;
  const got = await tell("wordpress", CALLS, { before: `${stored};${WORDPRESS}`, start: ALL });
  assert.deepEqual(got, [TYPE]);
});

test("r27: wordpress says allow for nothing before the type is defined", async () => {
  const got = await tell("wordpress", "wp_has_consent('marketing')", { before: WORDPRESS });
  assert.equal(got, false);
});

test("r24, r27: with every part in one banner, what Google hears is what is in force, all along", async () => {
  const { page, accept, errors } = await visit({ body: TAG + TEXT, parts: PARTS });
  const LAST = `dataLayer.filter((entry) => entry[0] === "consent").at(-1)`;
  const same = async () => {
    const [last, state] = await page.evaluate(`[${LAST}, consent.get()]`);
    const said = {
      preferences: last[2].personalization_storage,
      statistics: last[2].analytics_storage,
      marketing: last[2].ad_storage,
    };
    for (const [name, word] of Object.entries(said))
      assert.equal(word, state[name] ? YES : NO, name);
    return last[1];
  };
  await accept.waitFor();
  assert.equal(await same(), "default");
  await accept.click();
  await becomes(page, `${LAST}[1] === "update"`);
  assert.equal(await same(), "update");
  await page.evaluate("consent.withdraw()");
  assert.equal(await same(), "update");
  await page.goto(`${servers.url}/two`);
  await becomes(page, "window.consent?.has");
  assert.equal(await same(), "default");
  assert.deepEqual(errors, []);
});
