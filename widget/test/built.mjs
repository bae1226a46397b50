/** The built parts and the inline stub, as the service puts them into pages. */
import { readFileSync } from "node:fs";
import { BUILT, PARTS } from "./composition.mjs";

export { PARTS };

/** A part's source: one function expression. @param {string} name */
export const part = (name) => readFileSync(new URL(`parts/${name}.js`, BUILT), "utf8");

/** The inline stub of a site. @param {Partial<{ epochs: number[], days: number, google: object | 0,
 *   settings: object | 0, uet: 0 | 1 }>} [site] */
export const stub = ({ epochs = [1, 1, 1], days = 182, google = {}, settings = 0, uet = 0 } = {}) =>
  readFileSync(new URL("stub.js", BUILT), "utf8").replace(
    "__STUB__",
    JSON.stringify([...epochs, days, google, settings, uet]),
  );
