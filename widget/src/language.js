/**
 * The banner speaks the page's language (R16): where that is another than this file's, and the
 * tag's address does not ask for one, the file in that language is loaded instead.
 *
 * @import { Config } from "../types/internal.js"
 */
import { api, config, source, tag } from "./config.js";
import { trusted } from "./scripts.js";

/**
 * Which of the languages at hand a page in `wanted` is to get; undefined where this one will do.
 * A tag that asks for a language, or is pinned to exact bytes, gets what it asks for.
 *
 * @param {Pick<Config, "language" | "languages">} have
 * @param {string} wanted  A BCP 47 tag, or empty.
 * @param {URL} source
 */
export function otherLanguage({ language, languages }, wanted, source) {
  if (source.searchParams.has("lang") || !source.pathname.endsWith("/banner.js")) return undefined;
  const [whole, first] = [wanted.toLowerCase(), wanted.toLowerCase().split("-")[0]];
  const exact = languages.find((known) => known.toLowerCase() === whole);
  const near = [language, ...languages].find((known) => known.toLowerCase().split("-")[0] === first);
  const found = exact ?? near;
  return found === language ? undefined : found;
}

/**
 * Load the file in the page's language, if there is one. `otherwise` runs where there is none or
 * it does not load: a banner in another language tells more than none.
 *
 * @param {() => void} otherwise
 */
export function inPagesLanguage(otherwise) {
  const wanted = tag?.dataset.lang || document.documentElement.lang;
  const other = otherLanguage(config, wanted, source);
  if (!other) return otherwise();
  const script = document.createElement("script");
  script.onerror = otherwise;
  script.nonce = tag?.nonce ?? "";
  script.src = trusted().createScriptURL(`${api}banner.js?lang=${other}`);
  document.head.append(script);
}
