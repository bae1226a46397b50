/** The built parts and the inline stub, as the service puts them into pages. */
import { readFileSync } from "node:fs";
import { BUILT, filled, PARTS } from "./composition.mjs";

export { PARTS };

/** A part's source: one function expression. @param {string} name */
export const part = (name) => readFileSync(new URL(`parts/${name}.js`, BUILT), "utf8");

/** The inline stub of a site.
 * @param {{ epochs?: number[], days?: number, told?: string[] }} [site]  Whom it tells. */
export const stub = ({ epochs = [1, 1, 1], days = 182, told = ["google"] } = {}) =>
  filled(readFileSync(new URL(`stubs/${told.join("+")}.js`, BUILT), "utf8"), {
    PREFERENCES: `${epochs[0]}`,
    STATISTICS: `${epochs[1]}`,
    MARKETING: `${epochs[2]}`,
    GRANTED_DAYS: `${days}`,
  });
