/**
 * The banner speaks the page's language (R16): where that is another than this file's, and the
 * tag's address does not ask for one, the file in that language is loaded instead. Composed into
 * the banners of sites with several languages.
 *
 * @import { OtherLanguage } from "../types/internal.js"
 */

/**
 * Which of the languages at hand a visitor is to get: the first one wanted that there is, by its
 * whole tag or by its language alone. Without any, the site's own. A tag that asks for a language,
 * or is pinned to exact bytes, gets what it asks for. Pure; the service has the same rule for its
 * pages (`words.nearest`).
 *
 * @param {string[]} languages  This file's own comes first.
 * @param {string[]} wanted  BCP 47 tags, the best first.
 * @param {string} source  The address of this script.
 */
export function languageFor(languages, wanted, source) {
  /** @param {string} name */
  const lower = (name) => name.toLowerCase();
  // Norwegian has three names: pages say `no`, browsers `nb`, and some read `nn`.
  /** @param {string} name */
  const first = (name) => lower(name).split("-")[0].replace(/^n[no]$/, "nb");
  for (const each of source.endsWith("/banner.js") ? wanted : [])
    for (const part of [lower, first]) {
      const found = languages.find((known) => part(known) === part(each));
      if (found) return found;
    }
  return languages[0];
}

/**
 * The page's language counts before the browser's: a banner in another language than the page's
 * words misleads. `otherwise` runs where there is no other language or it does not load: a banner
 * in another language tells more than none.
 *
 * @type {OtherLanguage}
 */
export default (languages, tag, load, otherwise) => {
  const { lang } = document.documentElement;
  const wanted = [tag?.dataset.lang || lang, lang, ...navigator.languages];
  const language = languageFor(languages, wanted, tag?.src ?? "");
  if (language === languages[0]) otherwise();
  else load(`banner.js?lang=${language}`, otherwise);
};
