/** What happens in a page, in order. */
import { makeApi } from "./api.js";
import { resume } from "./choose.js";
import { api, config, source, tag } from "./config.js";
import { scan, watch } from "./gate.js";
import { languageFor } from "./language.js";
import { trusted } from "./revive.js";
import { safely } from "./safely.js";
import { look, state, tell } from "./state.js";
import { hideBanner, showBanner } from "./ui/banner.js";
import { closeDialog, openDialog } from "./ui/dialog.js";
import { attach } from "./ui/stage.js";

const OPENERS = "[data-consent-open],[href='#consent']";

/** Two tags by mistake: the second does nothing. */
const present = () => window.consent && "withdraw" in window.consent;

export const boot = () => {
  if (!present()) inPagesLanguage(safely(start));
};

/**
 * Load the file in the page's language, if there is one. `otherwise` runs where there is none or
 * it does not load: a banner in another language tells more than none.
 *
 * @param {() => void} otherwise
 */
function inPagesLanguage(otherwise) {
  const wanted = tag?.dataset.lang || document.documentElement.lang;
  const language = languageFor(config, wanted, source.href);
  if (language === config.language) return otherwise();
  try {
    const script = Object.assign(document.createElement("script"), { policy: trusted() });
    script.onerror = otherwise;
    script.nonce = tag?.nonce ?? "";
    script.src = trusted().createScriptURL(`${api}banner.js?lang=${language}`);
    document.head.append(script);
  } catch {
    otherwise();
  }
}

function start() {
  const early = window.consent;
  if (present()) return;
  look();
  resume();
  watch(safely(attach));
  scan();
  const own = makeApi(open, close);
  window.consent = own;
  tell("ready");
  if (Array.isArray(early)) own.push(...early);
  state.render = render;
  render();
  listen();
}

function render() {
  if (!state.about) return hideBanner();
  showBanner(open);
  tell("ask");
}

/** A dialog needs a body to be in. @type {() => void} */
const open = safely(() => {
  if (document.body) openDialog();
  else addEventListener("DOMContentLoaded", open);
});

const close = safely(() => {
  closeDialog();
  hideBanner();
});

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
