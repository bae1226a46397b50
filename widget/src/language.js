/**
 * The banner speaks the page's language (R16): where that is another than this file's, and the
 * tag's address does not ask for one, the file in that language is loaded instead. Composed into
 * the banners of sites with several languages.
 *
 * @import { OtherLanguage } from "../types/internal.js"
 */

/**
 * Which of the languages at hand a page in `wanted` is to get. A tag that asks for a language, or
 * is pinned to exact bytes, gets what it asks for. Pure.
 *
 * @param {string[]} languages  This file's own comes first.
 * @param {string} wanted  A BCP 47 tag, or empty.
 * @param {string} source  The address of this script.
 */
export function languageFor(languages, wanted, source) {
  /** @param {string} name @param {number} parts */
  const first = (name, parts) => name.toLowerCase().split("-", parts).join();
  /** @param {number} parts */
  const find = (parts) => languages.find((known) => first(known, parts) === first(wanted, parts));
  return (source.endsWith("/banner.js") && (find(9) ?? find(1))) || languages[0];
}

/**
 * `otherwise` runs where there is no other language or it does not load: a banner in another
 * language tells more than none.
 *
 * @type {OtherLanguage}
 */
export default (languages, tag, load, otherwise) => {
  const wanted = tag?.dataset.lang || document.documentElement.lang;
  const language = languageFor(languages, wanted, tag?.src ?? "");
  if (language === languages[0]) otherwise();
  else load(`banner.js?lang=${language}`, otherwise);
};
