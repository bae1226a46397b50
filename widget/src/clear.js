/**
 * Deleting what was declared for denied categories (R24): cookies on every domain and path that a
 * page may reach, both storages, databases. What only the site's server can delete (HttpOnly
 * cookies, other hosts') is out of reach from here.
 *
 * @import { Declaration, Storage } from "../types/internal.js"
 */

/** Whether a declared name, in which `*` stands for any characters, covers an item's name.
 * @param {string} pattern
 * @param {string} name */
export function covers(pattern, name) {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`).test(name);
}

/** The domains that a cookie seen on `host` may be set for; "" is the host alone.
 * @param {string} host */
export function domainsOf(host) {
  const labels = host.split(".");
  return ["", ...labels.map((_, index) => labels.slice(index).join("."))];
}

/** The paths that a cookie seen at `path` may be set for. @param {string} path */
export function pathsOf(path) {
  const parts = path.split("/").filter(Boolean);
  const parents = parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
  return ["/", ...parents.flatMap((parent) => [parent, `${parent}/`])];
}

/** Expire one cookie wherever it may have been set. @param {string} name */
export function expire(name) {
  // Names with a __Secure- prefix can only be written, and so deleted, with the attribute.
  const secure = location.protocol === "https:" ? "; Secure" : "";
  for (const domain of domainsOf(location.hostname)) {
    const scope = domain && `; Domain=${domain}`;
    for (const path of pathsOf(location.pathname)) {
      document.cookie = `${name}=; Max-Age=0; Path=${path}${scope}${secure}`;
    }
  }
}

/**
 * Delete the declared items of all categories but those that `keeps` names. An item that is also
 * declared for a kept category stays.
 *
 * @param {Declaration[]} declarations
 * @param {(category: string) => boolean} keeps
 */
export function clear(declarations, keeps) {
  for (const [storage, remove] of Object.entries(REMOVERS)) {
    const all = declarations.filter((declaration) => declaration.storage === storage);
    const denied = all.filter(({ category }) => !keeps(category)).map(({ name }) => name);
    const kept = all.filter(({ category }) => keeps(category)).map(({ name }) => name);
    const doomed = (/** @type {string} */ name) =>
      denied.some((pattern) => covers(pattern, name)) &&
      !kept.some((pattern) => covers(pattern, name));
    // A storage that the policy does not name is not even looked at.
    if (denied.length) attempt(() => remove(doomed));
  }
}

/** @typedef {(name: string) => boolean} Doomed */

/** @type {Partial<Record<Storage, (doomed: Doomed) => unknown>>} */
const REMOVERS = {
  cookie: (doomed) => {
    const names = document.cookie.split("; ").map((pair) => pair.split("=")[0]);
    names.filter(doomed).forEach(expire);
  },
  local_storage: (doomed) => empty(localStorage, doomed),
  session_storage: (doomed) => empty(sessionStorage, doomed),
  indexed_db: async (doomed) => {
    const found = await indexedDB.databases();
    for (const { name } of found) if (name && doomed(name)) indexedDB.deleteDatabase(name);
  },
};

/** @param {globalThis.Storage} storage @param {Doomed} doomed */
const empty = (storage, doomed) =>
  Object.keys(storage).filter(doomed).forEach((name) => storage.removeItem(name));

/** A storage that is blocked holds nothing of ours. @param {() => unknown} action */
async function attempt(action) {
  try {
    await action();
  } catch {
    // Nothing to delete where nothing can be read.
  }
}
