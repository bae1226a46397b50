/** Receipt ids: UUIDv7 (RFC 9562), as the cookie's 22 characters and as canonical text. Pure. */

/** The base64url of a UUIDv7, in its only spelling: version and variant are at fixed places. */
export const SHORT = "[\\w-]{8}[c-f][\\w-][CGKOSWaeimquy26-][\\w-]{10}[AQgw]";

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

/** The canonical text of an id. @param {string} short */
export function lengthen(short) {
  const raw = atob(short.replace(/-/g, "+").replace(/_/g, "/"));
  const hex = [...raw].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
  return hex.join("").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** When an id was made, in unix milliseconds. @param {string} id  Canonical text. */
export const madeAt = (id) => parseInt(id.replace("-", "").slice(0, 12), 16);
