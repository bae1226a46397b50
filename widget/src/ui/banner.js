/**
 * Layer one: a region first in the body, one Tab away. It traps nothing, locks nothing, and goes
 * only by a choice: Esc, scrolling and waiting grant nothing (R4).
 *
 * @import { Change } from "../../types/internal.js"
 */
import { accepted, news, thirdParties } from "../answer.js";
import { choose } from "../choose.js";
import { config, say } from "../config.js";
import { safely } from "../safely.js";
import { gpc } from "../signals.js";
import { state } from "../state.js";
import { h } from "./h.js";
import { button, link, signalled } from "./parts.js";
import { announce, enter, leave, ours } from "./stage.js";

/** As many changes as fit; the rest is one link away. */
const NEWS = 3;

/** @type {HTMLElement | undefined} */
let section;

/** Where the keyboard was before it came to us. @type {EventTarget | null} */
let before = null;

/** @param {() => void} more  Opens layer two. */
export function showBanner(more) {
  hideBanner();
  const { about, inForce } = state.verdict;
  // "All" would be untrue where other categories stay as they are (R11).
  const [yes, no] = inForce.length ? ["yes", "no"] : ["accept", "reject"];
  section = h(
    "section",
    { class: "one", role: "region", "aria-labelledby": "title" },
    text(),
    h(
      "div",
      { class: "acts" },
      button(yes, () => answer(accepted({ ask: true, about, inForce }))),
      button(no, () => answer(inForce)),
      button("choose", more),
    ),
  );
  section.addEventListener("focusin", ({ relatedTarget }) => {
    if (relatedTarget) before = relatedTarget;
  });
  enter(section);
  document.addEventListener("focusin", dodge);
  dodge();
  announce(`${config.texts.title} ${gpc() ? say("gpc") : ""}`);
}

export function hideBanner() {
  document.removeEventListener("focusin", dodge);
  if (section) leave(section);
  section = undefined;
}

/** @param {typeof state.verdict.inForce} granted */
function answer(granted) {
  choose(granted, "banner", 1);
  announce(say("saved"), true);
  if (before instanceof HTMLElement) before.focus();
}

/** All that must be told before the buttons (R14). */
function text() {
  const { about, inForce } = state.verdict;
  const asked = config.categories.filter(
    ({ id }) => !inForce.length || about.some((category) => category === id),
  );
  return h(
    "div",
    { class: "text" },
    h("h2", { id: "title" }, say("title")),
    ...(state.failed ? [h("p", { class: "note" }, say("failed"))] : []),
    ...changes(),
    h("p", {}, say("intro")),
    h("ul", {}, ...asked.map(({ title, text }) => h("li", {}, h("b", {}, title), ` ${text}`))),
    ...signalled(),
    h(
      "p",
      {},
      `${say("who", { controller: config.controller, count: thirdParties(config) })} `,
      link("cookies", "list"),
      `. ${say("free", { settings: say("settings") })} `,
      link("privacy", "privacy"),
    ),
  );
}

function changes() {
  const all = news(config.changes, state.stored, state.verdict).map(told);
  const lines = [...new Set(all)];
  if (!lines.length) return [];
  const rest = lines.length - NEWS;
  const shown = lines.slice(0, NEWS).map((line) => h("li", {}, line));
  if (rest > 0) shown.push(h("li", {}, say("rest", { count: rest })));
  return [h("p", { class: "note" }, say("changed")), h("ul", { class: "news" }, ...shown)];
}

/** @param {Change} change */
const told = ({ kind, name = "", provider = "" }) => say(`change_${kind}`, { name, provider });

/**
 * Never lie over the element that has the page's focus (R53), and leave no style in the page for
 * it: scroll, and where there is nothing left to scroll, go to the top of the window instead.
 *
 * @type {(event?: FocusEvent) => void}
 */
const dodge = safely(() => {
  const focused = document.activeElement;
  if (!section || !focused || focused === document.body || ours(focused)) return;
  section.classList.remove("up");
  const hidden = () => {
    const bar = section?.getBoundingClientRect() ?? new DOMRect();
    const box = focused.getBoundingClientRect();
    const beside = box.right < bar.left || box.left > bar.right;
    return beside || box.height > bar.top ? 0 : Math.max(0, box.bottom - bar.top + 8);
  };
  scrollBy({ top: hidden(), behavior: "instant" });
  if (hidden()) section.classList.add("up");
});
