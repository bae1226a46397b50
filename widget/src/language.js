/**
 * The banner speaks the page's language (R16): where that is another than this file's, and the
 * tag's address does not ask for one, the file in that language is loaded instead. Pure.
 *
 * @import { Config } from "../types/internal.js"
 */
/**
 * Which of the languages at hand a page in `wanted` is to get; undefined where none fits. A tag
 * that asks for a language, or is pinned to exact bytes, gets what it asks for.
 *
 * @param {Pick<Config, "language" | "languages">} have
 * @param {string} wanted  A BCP 47 tag, or empty.
 * @param {string} source  The address of this script.
 */
export function languageFor({ language, languages }, wanted, source) {
  if (!source.endsWith("/banner.js")) return language;
  /** @param {string} name @param {number} parts */
  const first = (name, parts) => name.toLowerCase().split("-", parts).join();
  /** @param {number} parts */
  const find = (parts) =>
    [language, ...languages].find((known) => first(known, parts) === first(wanted, parts));
  return find(9) ?? find(1) ?? language;
}
