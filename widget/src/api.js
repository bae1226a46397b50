/**
 * `window.consent`, our only global. Types for pages are in types/consent.d.ts.
 *
 * @import { ConsentApi } from "../types/consent.js"
 */
import { choose } from "./choose.js";
import { close, open } from "./open.js";
import { get, has } from "./state.js";

/** @returns {ConsentApi} */
export const makeApi = () => ({
  get,
  has,
  on(name, listener) {
    const heard = (/** @type {Event} */ event) =>
      listener(/** @type {CustomEvent} */ (event).detail);
    document.addEventListener(`consent:${name}`, heard);
    // The page's first reading is over before anybody can call this.
    if (name === "ready") listener(get());
    return () => document.removeEventListener(`consent:${name}`, heard);
  },
  open,
  close,
  withdraw() {
    close();
    choose(0, "api", 2);
  },
  push(...commands) {
    for (const command of commands) {
      try {
        command(this);
      } catch (error) {
        // The page's own mistake: told to the page, and no reason to stop.
        reportError(error);
      }
    }
  },
});
