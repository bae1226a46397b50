/**
 * Deleting what was declared for denied categories (R24): cookies on every domain and path that a
 * page may reach, both storages, databases. What only the site's server can delete (HttpOnly
 * cookies, other hosts') is out of reach from here.
 */
import { safely } from "./safely.js";

/** Where a cookie that a page on this host sees may have been set. @param {string} host */
export const domainsOf = (host) => [
  "",
  ...host.split(".").map((_, at, labels) => `;Domain=${labels.slice(at).join(".")}`),
];

/** The paths that a cookie seen at `path` may be set for: up to each slash, and with it.
 * @param {string} path */
export const pathsOf = (path) => {
  let piece = "";
  return path.split("/").flatMap((part) => [(piece += part), (piece += "/")]);
};

/** Expire one cookie wherever it may have been set. @param {string} name */
export const expire = (name) =>
  domainsOf(location.hostname).forEach((domain) =>
    pathsOf(location.pathname).forEach((path) => {
      document.cookie = `${name}=;Max-Age=0;Path=${path}${domain}${secure()}`;
    }),
  );

/** Names with a `__Secure-` prefix can only be written, and so deleted, with the attribute. */
export const secure = () => (location.protocol === "https:" ? ";Secure" : "");

/**
 * Delete the declared items of all categories but the kept ones. An item that is also declared
 * for a kept category stays. A storage in which nothing is denied is not looked at.
 *
 * @param {(place: number) => boolean} keeps  Whether the category at that place is kept.
 */
export const clear = (keeps) =>
  __DECLARED__.forEach((patterns, storage) => {
    /** @param {boolean} kept @param {string} [name] */
    const some = (kept, name) =>
      patterns.some(
        (pattern, place) =>
          pattern && keeps(place) === kept && (name === undefined || pattern.test(name)),
      );
    if (some(false)) {
      safely(REMOVERS[storage])((name) => some(false, name) && !some(true, name));
    }
  });

/** @typedef {(name: string) => boolean} Doomed */

/** @param {globalThis.Storage} storage @param {Doomed} doomed */
const empty = (storage, doomed) =>
  Object.keys(storage)
    .filter(doomed)
    .forEach((name) => storage.removeItem(name));

/** In the order in which the service names the storages. @type {((doomed: Doomed) => void)[]} */
const REMOVERS = [
  (doomed) =>
    document.cookie
      .split("; ")
      .map((pair) => pair.split("=")[0])
      .filter(doomed)
      .forEach(expire),
  (doomed) => empty(localStorage, doomed),
  (doomed) => empty(sessionStorage, doomed),
  async (doomed) => {
    try {
      for (const { name = "" } of await indexedDB.databases()) {
        if (doomed(name)) indexedDB.deleteDatabase(name);
      }
    } catch {
      // Where databases are blocked there is nothing to delete, and nobody to tell.
    }
  },
];
