/** What happens in a page, in order. */
import { makeApi } from "./api.js";
import { resume } from "./choose.js";
import { scan, watch } from "./gate.js";
import { inPagesLanguage } from "./language.js";
import { safely } from "./safely.js";
import { look, state, tell } from "./state.js";
import { hideBanner, showBanner } from "./ui/banner.js";
import { closeDialog, openDialog } from "./ui/dialog.js";
import { attach } from "./ui/stage.js";

const OPENERS = "[data-consent-open],[href='#consent']";

/** Two tags by mistake: the second does nothing. */
export const boot = () => {
  if (!present()) inPagesLanguage(safely(start));
};

const present = () => !!window.consent && "withdraw" in window.consent;

function start() {
  if (present()) return;
  look();
  resume();
  state.ask = ask;
  const early = window.consent;
  const api = makeApi(safely(open), safely(close));
  window.consent = api;
  watch(safely(attach));
  scan();
  tell("ready");
  if (Array.isArray(early)) api.push(...early);
  listen();
  if (state.verdict.ask) ask();
  if (location.hash === "#consent") open();
}

function ask() {
  showBanner(open);
  tell("ask");
}

const open = () => openDialog(hideBanner);

function close() {
  closeDialog();
  hideBanner();
}

/** Ways in from the page: links and buttons, also later ones, and the address. */
function listen() {
  addEventListener(
    "click",
    safely((event) => {
      const opens = event.composedPath().some((node) => node instanceof Element && node.matches(OPENERS));
      if (!opens) return;
      event.preventDefault();
      open();
    }),
    true,
  );
  addEventListener("hashchange", safely(() => location.hash === "#consent" && open()));
}
