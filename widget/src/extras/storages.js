/**
 * Deleting what was declared for denied categories from both storages and from databases (R24):
 * there where a site declares anything but cookies.
 *
 * @import { Extra } from "../../types/internal.js"
 */
import { CATEGORIES } from "../ask.js";
import { doomed } from "../clear.js";
import { safely } from "../safely.js";

/** @typedef {(name: string) => boolean} Doomed */

/** @param {globalThis.Storage} storage @param {Doomed} dies */
const empty = (storage, dies) =>
  Object.keys(storage)
    .filter(dies)
    .forEach((name) => storage.removeItem(name));

/** In the order in which the service names the storages. @type {((dies: Doomed) => unknown)[]} */
const REMOVERS = [
  (dies) => empty(localStorage, dies),
  (dies) => empty(sessionStorage, dies),
  async (dies) => {
    try {
      for (const { name = "" } of await indexedDB.databases()) {
        if (dies(name)) indexedDB.deleteDatabase(name);
      }
    } catch {
      // Where databases are blocked there is nothing to delete, and nobody to tell.
    }
  },
];

/** @type {Extra} */
export default (has, tellers) => {
  /** @param {number} place */
  const keeps = (place) => has(CATEGORIES[place]);
  const clear = () =>
    Promise.all(
      __STORAGES__.map((patterns, at) =>
        // A storage in which nothing is denied is not looked at.
        patterns.some((pattern, place) => pattern && !keeps(place))
          ? safely(REMOVERS[at])(doomed(patterns, keeps))
          : 0,
      ),
    );
  tellers.push(() => {
    // What still runs may write until the last moment.
    addEventListener("pagehide", clear);
    return clear();
  });
};
