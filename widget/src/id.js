/** Receipt ids: UUIDv7 (RFC 9562), as text and as the cookie's 22 characters. Pure. */

/**
 * @param {number} now  Unix milliseconds.
 * @param {Uint8Array<ArrayBuffer>} bytes  16 random ones; they are overwritten.
 * @returns {string} canonical text
 */
export function uuid7(now, bytes) {
  for (let index = 0; index < 6; index++) bytes[index] = now / 2 ** (40 - 8 * index);
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  return text(String.fromCharCode(...bytes));
}

/** When an id was made, in unix milliseconds. @param {string} id */
export const madeAt = (id) => parseInt(id.replace("-", "").slice(0, 12), 16);

/** @param {string} id  Canonical text. @returns {string} 22 characters of base64url */
export function shorten(id) {
  const pairs = id.replace(/-/g, "").match(/../g) ?? [];
  const raw = String.fromCharCode(...pairs.map((pair) => parseInt(pair, 16)));
  return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 22);
}

/** The other way. Null where the characters are not those of a UUIDv7. @param {string} short */
export function lengthen(short) {
  const id = text(atob(short.replace(/-/g, "+").replace(/_/g, "/")));
  return /^.{14}7.{4}[89ab]/.test(id) && shorten(id) === short ? id : null;
}

/** @param {string} raw  16 characters, one a byte. */
function text(raw) {
  const hex = Array.from(raw, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
  return hex.join("").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
