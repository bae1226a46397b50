/**
 * Deleting what was declared for denied categories (R24): cookies on every domain and path that a
 * page may reach, both storages, databases. What only the site's server can delete (HttpOnly
 * cookies, other hosts') is out of reach from here.
 *
 * @import { Declaration } from "../types/internal.js"
 */
import { safely } from "./safely.js";

/** Whether a declared name, in which `*` stands for any characters, covers an item's name.
 * @param {string} pattern
 * @param {string} name */
export const covers = (pattern, name) =>
  new RegExp(`^${pattern.replace(/[^\w*]/g, "\\$&").replace(/\*/g, "[^]*")}$`).test(name);

/** Every part of a text that begins, or ends, at one of its separators.
 * @param {string} host
 * @returns {string[]} the domains that a cookie seen on this host may be set for */
export const domainsOf = (host) => {
  const dot = host.indexOf(".") + 1;
  return [host, ...(dot ? domainsOf(host.slice(dot)) : [])];
};

/** The paths that a cookie seen at `path` may be set for. @param {string} path
 * @returns {string[]} */
export const pathsOf = (path) => {
  const parent = path.replace(/[^/]*\/?$/, "");
  return path.length > 1
    ? [path, ...pathsOf(path.endsWith("/") ? path.slice(0, -1) : parent)]
    : ["/"];
};

/** Expire one cookie wherever it may have been set. @param {string} name */
export function expire(name) {
  for (const domain of ["", ...domainsOf(location.hostname).map((host) => `;Domain=${host}`)]) {
    for (const path of pathsOf(location.pathname)) {
      document.cookie = `${name}=;Max-Age=0;Path=${path}${domain}${secure()}`;
    }
  }
}

/** Names with a `__Secure-` prefix can only be written, and so deleted, with the attribute. */
export const secure = () => (location.protocol === "https:" ? ";Secure" : "");

/**
 * Delete the declared items of all categories but those that `keeps` names. An item that is also
 * declared for a kept category stays. A storage in which nothing is denied is not looked at.
 *
 * @param {Declaration[]} declarations
 * @param {(category: string) => boolean} keeps
 */
export function clear(declarations, keeps) {
  for (const storage in REMOVERS) {
    const all = declarations.filter((declaration) => declaration.storage === storage);
    /** @type {Doomed} */
    const doomed = (name) => {
      const found = all.filter((declaration) => covers(declaration.name, name));
      return found.length > 0 && !found.some(({ category }) => keeps(category));
    };
    if (all.some(({ category }) => !keeps(category))) safely(REMOVERS[storage])(doomed);
  }
}

/** @typedef {(name: string) => boolean} Doomed */

/** @type {Record<string, (doomed: Doomed) => void>} */
const REMOVERS = {
  cookie: (doomed) =>
    document.cookie
      .split("; ")
      .map((pair) => pair.split("=")[0])
      .filter(doomed)
      .forEach(expire),
  local_storage: (doomed) => empty(localStorage, doomed),
  session_storage: (doomed) => empty(sessionStorage, doomed),
  indexed_db: (doomed) => {
    const remove = ({ name = "" }) => doomed(name) && indexedDB.deleteDatabase(name);
    // Where databases are blocked there is nothing to delete, and nobody to tell.
    indexedDB.databases().then(
      (found) => found.forEach(remove),
      () => {},
    );
  },
};

/** @param {globalThis.Storage} storage @param {Doomed} doomed */
const empty = (storage, doomed) =>
  Object.keys(storage)
    .filter(doomed)
    .forEach((name) => storage.removeItem(name));
