/**
 * Deleting what was declared for denied categories (R24): here cookies, on every domain and path
 * that a page may reach; storages and databases where a site declares some (extras/storages.js).
 * What only the site's server can delete (HttpOnly cookies, other hosts') is out of reach.
 */

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
 * Whether an item is declared, and for denied categories only: one that is also declared for a
 * kept category stays.
 *
 * @param {(RegExp | 0)[]} patterns  For each category the names declared.
 * @param {(place: number) => boolean} keeps  Whether the category at that place is kept.
 * @returns {(name: string) => boolean}
 */
export const doomed = (patterns, keeps) => (name) => {
  const found = patterns.flatMap((pattern, place) =>
    pattern && pattern.test(name) ? keeps(place) : [],
  );
  return !!found.length && !found.includes(true);
};

/** Delete the declared cookies of all categories but the kept ones.
 * @param {(place: number) => boolean} keeps */
export const clear = (keeps) =>
  document.cookie
    .split("; ")
    .map((pair) => pair.split("=")[0])
    .filter(doomed(__DECLARED__, keeps))
    .forEach(expire);
