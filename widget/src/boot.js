/** What happens in a page, in order. */
import { makeApi } from "./api.js";
import { resume, tellers } from "./choose.js";
import { api, tag } from "./config.js";
import { scan, watch } from "./gate.js";
import { open } from "./open.js";
import { load } from "./revive.js";
import { safely } from "./safely.js";
import { has, look, tell } from "./state.js";
import { render } from "./ui/banner.js";
import { attach } from "./ui/stage.js";

const OPENERS = "[data-consent-open],[href='#consent']";

/** There where the site has several languages. */
const otherLanguage = __OTHER_LANGUAGE__;

/** Two tags by mistake: the second does nothing. */
const present = () => window.consent && "withdraw" in window.consent;

export function boot() {
  if (present()) return;
  const begin = safely(start);
  if (otherLanguage) otherLanguage(__LANGUAGES__, tag, load, begin);
  else begin();
}

function start() {
  const early = window.consent;
  if (present()) return;
  look();
  resume();
  for (const part of __PARTS__) {
    const update = safely(part)(has, { hosts: __HOSTS__, api });
    if (update) tellers.push(safely(update));
  }
  watch(safely(attach));
  scan();
  const own = makeApi();
  window.consent = own;
  tell("ready");
  if (Array.isArray(early)) own.push(...early);
  render();
  listen();
}

/** Ways in from the page: links and buttons, also later ones, and the address. */
function listen() {
  const follow = () => location.hash === "#consent" && open();
  addEventListener("hashchange", follow);
  follow();
  addEventListener(
    "click",
    (event) => {
      const { target } = event;
      if (!(target instanceof Element && target.closest(OPENERS))) return;
      event.preventDefault();
      open();
    },
    true,
  );
}
