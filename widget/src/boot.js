/**
 * What happens in a page, in order.
 *
 * @import { PartConfig } from "../types/parts.js"
 */
import { own } from "./api.js";
import { agree, resume, tellers } from "./choose.js";
import { api, tag } from "./config.js";
import { lookers, scan, watch } from "./gate.js";
import { read } from "./memory.js";
import { open, withSettings } from "./open.js";
import { post } from "./receipts.js";
import { load } from "./revive.js";
import { safely } from "./safely.js";
import { about, choices, has, inForce, look, stored, tell } from "./state.js";
import { render } from "./ui/banner.js";
import { h } from "./ui/h.js";
import { attach, enter } from "./ui/stage.js";

const OPENERS = "[data-consent-open],[href='#consent']";

/** There where the site has several languages. */
const otherLanguage = __OTHER_LANGUAGE__;

/** Two tags by mistake: the second does nothing. */
const present = () => /** @type {any} */ (window.consent)?.withdraw;

export function boot() {
  if (present()) return;
  const begin = safely(start);
  // A page that nobody sees yet asks nothing, sends nothing and runs nothing. What the cookies were
  // before does not count.
  if (document.prerendering) {
    read();
    return document.addEventListener("prerenderingchange", boot);
  }
  if (otherLanguage) otherLanguage(__LANGUAGES__, tag, load, begin);
  else begin();
}

function start() {
  const early = window.consent;
  if (present()) return;
  look();
  for (const extra of __EXTRAS__) safely(extra)(has, tellers, open, h, enter);
  resume();
  for (const part of __PARTS__) {
    const update = safely(part)(has, { now, hosts: __HOSTS__, api, lookers, report });
    if (update) tellers.push(safely(update));
  }
  watch(safely(attach));
  scan();
  window.consent = own;
  tell("ready");
  if (Array.isArray(early)) own.push(...early);
  // Drawing is a task of its own: what came before may have taken a slow processor long enough.
  if (about) setTimeout(safely(render));
  if (!about && /** @type {any} */ (stored)?.version < __NOTICED__) withSettings(({ notice }) => notice());
  listen();
}

/** @type {PartConfig["now"]} */
const now = () => [inForce, choices()];

/** If it is lost, another visit tells it. @type {PartConfig["report"]} */
const report = (host, kind) => post(`${api}caught`, { host, kind }).catch(() => {});

/** Ways in from the page: links and buttons, also later ones, and the address. */
function listen() {
  const follow = () => location.hash === "#consent" && open();
  addEventListener("hashchange", follow);
  // Another tab may have chosen meanwhile, also while this page lay in the back/forward cache.
  addEventListener("visibilitychange", agree);
  addEventListener("pageshow", agree);
  follow();
  addEventListener(
    "click",
    (event) => {
      if (!(/** @type {any} */ (event.target).closest?.(OPENERS))) return;
      event.preventDefault();
      open();
    },
    true,
  );
}
