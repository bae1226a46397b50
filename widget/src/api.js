/**
 * `window.consent`, our only global. Types for pages are in types/consent.d.ts.
 *
 * @import { ConsentApi } from "../types/consent.js"
 */
import { CATEGORIES, holds } from "./ask.js";
import { choose } from "./choose.js";
import { madeAt } from "./id.js";
import { close, open } from "./open.js";
import { choices, get, has, inForce, made, stored, version } from "./state.js";

/** @param {number} granted */
function answer(granted) {
  close();
  choose(granted, "api", 2);
}

/** @type {ConsentApi} */
export const own = {
  version,
  get,
  has,
  on(name, listener) {
    /** @param {any} event */
    const heard = ({ detail }) => listener(detail);
    const type = `consent:${name}`;
    document.addEventListener(type, heard);
    // The page's first reading is over before anybody can call this.
    if (name === "ready") listener(get());
    return () => document.removeEventListener(type, heard);
  },
  when: (category) =>
    new Promise((resolve) => {
      const look = () => {
        if (!has(category)) return;
        off();
        resolve(get());
      };
      const off = own.on("change", look);
      look();
    }),
  open,
  close,
  set: (/** @type {Record<string, unknown>} */ asked) =>
    answer(
      CATEGORIES.reduce(
        (set, name, place) => set | (+!!(asked[name] ?? holds(inForce, place)) << place),
        0,
      ) >> 1,
    ),
  withdraw: () => answer(0),
  receipt() {
    // After a refusal the device holds no id; this page still knows it until it goes.
    const id = stored && (stored.id ?? made?.id);
    return id
      ? { id, time: new Date(madeAt(id)).toJSON(), choices: choices(stored?.granted) }
      : null;
  },
  push(...commands) {
    for (const command of commands) {
      try {
        command(own);
      } catch (error) {
        // The page's own mistake: told to the page, and no reason to stop.
        reportError(error);
      }
    }
  },
};
