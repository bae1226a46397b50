/**
 * Layer two lies in a file of its own, `settings.js`, loaded when it is first wanted: a first
 * visit pays for what it shows. Where it cannot be had, or not soon, layer one stands in.
 *
 * @import { Settings } from "../types/internal.js"
 */
import { choose } from "./choose.js";
import { shared, write } from "./memory.js";
import { loadExact } from "./revive.js";
import { safely } from "./safely.js";
import { about, categories, inForce, look, made, stored, version } from "./state.js";
import { hideBanner, standIn } from "./ui/banner.js";
import { dress } from "./ui/dress.js";
import { h } from "./ui/h.js";
import { button, link } from "./ui/parts.js";
import { announce, enter, leave } from "./ui/stage.js";

/** Milliseconds that somebody waits for layer two. */
const PATIENCE = 3000;

/** @type {Promise<Settings | undefined> | undefined} */
let settings;

/** The number of the last opening: whatever comes late for an earlier one stays away. */
let opening = 0;

/** What layer two's file gives; nothing where it cannot be had. */
export const fetchSettings = () =>
  (settings ??= new Promise((resolve) =>
    loadExact(
      __SETTINGS__,
      () => {
        settings = undefined;
        resolve(undefined);
      },
      [
        resolve,
        version,
        categories,
        h,
        button,
        link,
        announce,
        enter,
        leave,
        dress,
        choose,
        !shared && write,
        () => {
          look();
          return [stored, about, inForce, made];
        },
      ],
    ),
  ));

/** What nobody waits for: where layer two's file cannot be had it does not happen.
 * @param {(settings: Settings) => void} action */
export const withSettings = (action) =>
  fetchSettings().then(safely((given) => given && action(given)));

/** What somebody waits for, though not for long: then, or where the file cannot be had, it happens
 * without.
 * @param {(settings?: Settings) => void} action  Called twice where the file comes late. */
export function soon(action) {
  const now = safely(action);
  setTimeout(now, PATIENCE);
  fetchSettings().then(now);
}

/** A dialog needs a body to be in. @type {() => void} */
export const open = safely(() => {
  if (!document.body) return addEventListener("DOMContentLoaded", open);
  const mine = ++opening;
  soon((given) => {
    if (mine !== opening) return;
    opening++;
    if (given) given.show();
    else standIn();
  });
});

export const close = safely(() => {
  opening++;
  if (settings) withSettings(({ hide }) => hide());
  hideBanner();
});
