/**
 * One site's configuration, of the size that a real one has: six declarations, one language.
 *
 * @import { Config } from "../types/internal.js"
 */
import { readFileSync } from "node:fs";

const FOLDER = new URL("../../consent_service/", import.meta.url);

/** @param {string} language @returns {Record<string, string>} */
export const textsOf = (language) =>
  JSON.parse(readFileSync(new URL(`locales/${language}.json`, FOLDER), "utf8")).banner;

/** @param {Partial<Config>} [changes] @returns {Config} */
export const makeConfig = (changes = {}) => ({
  site: "shop",
  version: 7,
  language: "en",
  direction: "ltr",
  languages: ["en", "sv"],
  epochs: { preferences: 1, statistics: 1, marketing: 1 },
  days: { granted: 182, refused: 182 },
  domain: "",
  controller: "Nordlund Tea AB",
  texts: {
    ...textsOf(changes.language ?? "en"),
    title: "Cookies on this site",
    intro: "We use cookies that the shop needs, and others only if you agree to them.",
  },
  categories: [
    {
      id: "necessary",
      title: "Necessary",
      text: "Keep your basket and your session while you shop, and remember this choice.",
    },
    {
      id: "preferences",
      title: "Preferences",
      text: "Remember settings such as the language that you picked, so that you need not pick it again.",
    },
    {
      id: "statistics",
      title: "Statistics",
      text: "Count which pages are read and where visitors get stuck, so that we can mend them.",
    },
    {
      id: "marketing",
      title: "Marketing",
      text: "Let advertising partners recognise you here and elsewhere, to show and to measure adverts.",
    },
  ],
  declarations: [
    declaration("session", "necessary", "Nordlund Tea AB", "Keeps your basket.", "Session"),
    declaration("consent", "necessary", "Nordlund Tea AB", "Remembers your choice.", "6 months"),
    declaration("lang", "preferences", "Nordlund Tea AB", "Remembers your language.", "1 year"),
    declaration("_ga", "statistics", "Nordic Metrics AB", "Tells visitors apart.", "2 years"),
    declaration("_ga_*", "statistics", "Nordic Metrics AB", "Keeps the session.", "2 years"),
    declaration("_adpix", "marketing", "AdPix Ltd", "Recognises you on other sites.", "3 months"),
  ],
  changes: {},
  theme: {
    layout: "bar",
    scheme: "auto",
    light: { back: "#ffffff", ink: "#16202c", act: "#17324d" },
    dark: { back: "#171d26", ink: "#eef1f6", act: "#cfe0f5" },
    radius: 8,
    button: "none",
  },
  withdrawal: { reload: "auto", hook: "" },
  notice: null,
  hosts: { "stats.example": "statistics", "ads.example": "marketing" },
  ...changes,
});

/**
 * @param {string} name
 * @param {Config["categories"][number]["id"]} category
 * @param {string} provider
 * @param {string} purpose
 * @param {string} duration
 * @returns {Config["declarations"][number]}
 */
export function declaration(name, category, provider, purpose, duration) {
  const hosts = { "Nordic Metrics AB": "stats.example", "AdPix Ltd": "ads.example" }[provider];
  return {
    name,
    category,
    provider,
    purpose,
    storage: "cookie",
    duration,
    country: "SE",
    domain: "",
    hosts: hosts ? [hosts] : [],
  };
}

export { BUILT, composed as compose } from "./composition.mjs";
