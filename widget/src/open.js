/**
 * Layer two lies in a file of its own, `settings.js`, loaded when it is first wanted: a first
 * visit pays for what it shows. Where it cannot be had, or not soon, layer one stands in.
 *
 * @import { Kit, Settings } from "../types/internal.js"
 */
import { choose } from "./choose.js";
import { categories } from "./config.js";
import { loadExact } from "./revive.js";
import { safely } from "./safely.js";
import { everything, gpc } from "./signals.js";
import { has, inForce, look, made, stored } from "./state.js";
import { hideBanner, standIn } from "./ui/banner.js";
import { h } from "./ui/h.js";
import { button, link, signalled, toList, toPrivacy } from "./ui/parts.js";
import { enter, leave } from "./ui/stage.js";

/** Milliseconds that somebody waits for layer two. */
const PATIENCE = 3000;

/** @type {Promise<Settings> | undefined} */
let settings;

/** The number of the last opening: whatever comes late for an earlier one stays away. */
let opening = 0;

export const fetchSettings = () =>
  (settings ??= new Promise((resolve, reject) => {
    /** @type {Kit} */
    const kit = [
      resolve,
      categories,
      h,
      button,
      link,
      signalled,
      toList,
      toPrivacy,
      enter,
      leave,
      has,
      choose,
      gpc,
      everything,
      () => {
        look();
        return { stored, made, inForce };
      },
    ];
    loadExact(
      __SETTINGS__,
      () => {
        settings = undefined;
        reject();
      },
      kit,
    );
  }));

/** A dialog needs a body to be in. @type {() => void} */
export const open = safely(() => {
  if (!document.body) return addEventListener("DOMContentLoaded", open);
  const mine = ++opening;
  const late = safely(() => {
    if (mine !== opening) return;
    opening++;
    standIn();
  });
  const slow = setTimeout(late, PATIENCE);
  fetchSettings().then(
    safely(([show]) => {
      clearTimeout(slow);
      if (mine === opening) show();
    }),
    late,
  );
});

export const close = safely(() => {
  opening++;
  settings?.then(
    ([, away]) => away(),
    () => {},
  );
  hideBanner();
});
