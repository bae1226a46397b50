/**
 * The service's composition of a banner (consent_service/slots.py) once more, for tests that run
 * without the service. `tests/vectors/slots.json` holds both to the same.
 *
 * @import { Config } from "../types/internal.js"
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";

export const BUILT = new URL("../../consent_service/built/", import.meta.url);

const OPTIONAL = /** @type {const} */ (["preferences", "statistics", "marketing"]);
const CATEGORIES = /** @type {const} */ (["necessary", ...OPTIONAL]);
const STORAGES = ["cookie", "local_storage", "session_storage", "indexed_db"];

/** @param {string} name */
const built = (name) => readFileSync(new URL(name, BUILT), "utf8");

/** JSON that may stand inside a script. @param {unknown} value */
const literal = (value) =>
  JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");

/** @param {string} text @param {Record<string, string | number>} values */
const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (whole, name) => `${values[name] ?? whole}`);

/** @param {string} name  A declared one, in which `*` stands for any characters. */
const escaped = (name) =>
  name.replace(/[^\w*-]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A regular expression for all of them, or 0. @param {string[]} names */
export function pattern(names) {
  const each = [...new Set(names)].sort().map((name) => escaped(name).replaceAll("*", "[^]*"));
  if (each.length < 2) return each.length ? `/^${each[0]}$/` : "0";
  return `/^(?:${each.join("|")})$/`;
}

/** @param {Config["declarations"]} declarations */
function declared(declarations) {
  const all = STORAGES.map((storage) =>
    CATEGORIES.map((category) =>
      declarations.filter((item) => item.storage === storage && item.category === category),
    ),
  );
  const [cookies, ...others] = all;
  while (others.length && !others[others.length - 1].slice(1).flat().length) others.pop();
  /** @param {typeof cookies} row */
  const patterns = (row) =>
    `[${row.map((items) => pattern(items.map(({ name }) => name))).join()}]`;
  return {
    // Where nothing optional is declared nothing is ever deleted.
    DECLARED: cookies.slice(1).flat().length ? patterns(cookies) : "[]",
    STORAGES: `[${others.map(patterns).join()}]`,
  };
}

/** @param {Config} config */
function changes({ changes, texts }) {
  return OPTIONAL.flatMap((category, at) =>
    (changes[category] ?? []).map(({ epoch, kind, name = "", provider = "" }) => [
      at + 1,
      epoch,
      fill(texts[`change_${kind}`], { name, provider }),
    ]),
  );
}

/** @param {Config} config */
function items({ declarations, texts }) {
  return CATEGORIES.map((category) => {
    const own = declarations.filter((item) => item.category === category);
    return [
      fill(texts.items, { count: own.length }),
      ...own.map(({ name, provider, country, purpose, duration, storage }) => [
        name,
        country ? `${provider} (${country})` : provider,
        purpose,
        duration,
        texts[storage],
      ]),
    ];
  });
}

/** Where two declared hosts cover an address, the browser takes the first.
 * @param {Record<string, string>} hosts */
const narrowerFirst = (hosts) =>
  Object.entries(hosts).sort(([one], [two]) => two.length - one.length || (one < two ? -1 : 1));

/** How many others than the controller have a part in what is asked (R14). @param {Config} config */
const others = ({ controller, declarations }) =>
  new Set(
    declarations
      .filter(({ category, provider }) => category !== "necessary" && provider !== controller)
      .map(({ provider }) => provider),
  ).size;

/** @param {Config["theme"]} theme */
export function themed({ scheme, light, dark, radius }) {
  /** @param {Config["theme"]["light"]} colours */
  const worn = ({ back, ink, act }) => `--back:${back};--ink:${ink};--act:${act}`;
  const first = worn(scheme === "dark" ? dark : light);
  const all = `*{${first};--round:${radius}px;color-scheme:${scheme === "auto" ? "light dark" : scheme}}`;
  return scheme === "auto"
    ? `${all}@media(prefers-color-scheme:dark){*{${worn(dark)}}}`
    : all;
}

/** The names of the extras that a site has. @param {Config} config */
const extras = ({ theme, withdrawal, declarations }) => [
  ...(declarations.some(
    ({ storage, category }) => category !== "necessary" && STORAGES.indexOf(storage) > 0,
  )
    ? ["storages"]
    : []),
  ...(theme.button === "none" ? [] : ["reopen"]),
  ...(withdrawal.hook ? ["hook"] : []),
];

/** A literal for each free name. @param {Config} config @returns {Record<string, string>} */
export function slots(config) {
  const { texts, controller, epochs, language, languages, days } = config;
  const optional = config.declarations.filter(({ category }) => category !== "necessary");
  const told = changes(config);
  const whole = {
    ...texts,
    who: fill(texts.who, { controller, count: others(config) }),
    free: fill(texts.free, { settings: texts.settings }),
    ...(told.length ? {} : { changed: "", rest: "" }),
  };
  const values = {
    SITE: config.site,
    VERSION: config.version,
    LANGUAGE: language,
    DIRECTION: config.direction,
    EPOCHS: OPTIONAL.map((name) => epochs[name]),
    GRANTED_DAYS: days.granted,
    REFUSED_DAYS: days.refused,
    DOMAIN: config.domain,
    CATEGORIES: config.categories.map(({ title, text }) => [title, text]),
    PROVIDERS: Object.fromEntries(
      optional.flatMap(({ hosts, provider }) => hosts.map((host) => [host, provider])),
    ),
    HOSTS: narrowerFirst(config.hosts),
    CHANGES: told,
    CHANGED: !!told.length,
    RELOAD: config.withdrawal.reload === "auto",
    HOOK: config.withdrawal.hook,
    BUTTON: config.theme.button,
    NOTICED: config.notice?.version ?? 0,
    notice: config.notice?.text ?? "",
    LANGUAGES: [language, ...languages.filter((name) => name !== language)],
    ITEMS: items(config),
    ...whole,
  };
  return {
    ...Object.fromEntries(Object.entries(values).map(([key, value]) => [key, literal(value)])),
    ...declared(config.declarations),
  };
}

/** @param {string} text @param {Record<string, string>} literals */
export const filled = (text, literals) =>
  text.replace(/__(\w+?)__/g, (_, name) => {
    if (!(name in literals)) throw new Error(`nobody fills in __${name}__`);
    return literals[name];
  });

/** The names of all parts that are built. */
export const PARTS = existsSync(new URL("parts/", BUILT))
  ? readdirSync(new URL("parts/", BUILT)).map((name) => name.replace(".js", ""))
  : [];

/**
 * Both files as the service composes them.
 *
 * @param {Config} config
 * @param {{ parts?: string[], tag?: string }} [more]
 */
export function composed(config, { parts = [], tag = "0f3a9c1d5b7e2468" } = {}) {
  const literals = slots(config);
  const settings = filled(built("settings.js"), literals);
  const hash = createHash("sha256").update(settings).digest("base64url");
  const banner = filled(built("banner.js"), {
    ...literals,
    CSS: literal(
      built("banner.css") +
        built(`layouts/${config.theme.layout}.css`) +
        (config.theme.button === "none" ? "" : built("extras/reopen.css")) +
        themed(config.theme),
    ),
    EXTRAS: `[${extras(config).map((name) => filled(built(`extras/${name}.js`), literals)).join()}]`,
    OTHER_LANGUAGE: config.languages.length > 1 ? `(${built("language.js")})` : "0",
    PARTS: `[${parts.map((name) => built(`parts/${name}.js`)).join()}]`,
    SETTINGS: literal(hash),
    TAG: literal(tag),
  });
  return { banner, settings, hash };
}
