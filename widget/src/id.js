/** Receipt ids: UUIDv7 (RFC 9562), as the cookie's 22 characters and as canonical text. Pure. */

/**
 * @param {number} now  Unix milliseconds.
 * @param {Uint8Array<ArrayBuffer>} bytes  16 random ones; they are overwritten.
 * @returns {string} 22 characters of base64url
 */
export function uuid7(now, bytes) {
  for (let index = 0; index < 6; index++) bytes[index] = now / 2 ** (40 - 8 * index);
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  const text = btoa(String.fromCharCode(...bytes));
  return text.slice(0, 22).replace(/\+/g, "-").replace(/\//g, "_");
}

/** base64url to base64. @param {string} text */
export const standard = (text) => text.replace(/-/g, "+").replace(/_/g, "/");

/** The canonical text of an id. @param {string} short */
export const lengthen = (short) =>
  [...atob(standard(short))]
    .map((byte) => (byte.charCodeAt(0) + 256).toString(16).slice(1))
    .join("")
    .replace(/^.{8}|.{4}(?=.{12})/g, "$&-");

/** When an id was made, in unix milliseconds. @param {string} id  Canonical text. */
export const madeAt = (id) => parseInt(id.replace("-", "").slice(0, 12), 16);
