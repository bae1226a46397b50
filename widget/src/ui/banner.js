/**
 * Layer one: a region first in the body, one Tab away. It traps nothing, locks nothing, and goes
 * only by a choice: Esc, scrolling and waiting grant nothing (R4).
 *
 * @import { Change } from "../../types/internal.js"
 */
import { news, thirdParties } from "../answer.js";
import { holds } from "../ask.js";
import { choose } from "../choose.js";
import { config, say } from "../config.js";
import { safely } from "../safely.js";
import { gpc } from "../signals.js";
import { state } from "../state.js";
import { h } from "./h.js";
import { button, signalled, toList, toPrivacy } from "./parts.js";
import { announce, enter, leave, ours } from "./stage.js";

/** As many changes as fit; the rest is one link away. */
const NEWS = 3;

/** @type {HTMLElement | undefined} */
let section;

/** @param {() => void} more  Opens layer two. */
export function showBanner(more) {
  if (section) return;
  const { about, inForce } = state;
  section = h(
    "section.one",
    { role: "region", "aria-labelledby": "t" },
    text(),
    h(
      "div.acts",
      // "All" would be untrue where other categories stay as they are (R11).
      button(inForce ? "yes" : "accept", () => choose(about | inForce, "banner", 1)),
      button(inForce ? "no" : "reject", () => choose(inForce, "banner", 1)),
      button("choose", more),
    ),
  );
  enter(section);
  makeRoom();
  addEventListener("focusin", dodge);
  dodge();
  announce(gpc() ? say("gpc") : say("title"));
}

export function hideBanner() {
  removeEventListener("focusin", dodge);
  grown?.disconnect();
  leave(end);
  leave(section);
  section = undefined;
}

/** All that must be told before the buttons (R14). */
function text() {
  const { about, inForce, stored, failed } = state;
  const { controller, categories } = config;
  const asked = categories.filter(({ id }) => !inForce || (id !== "necessary" && holds(about, id)));
  return h(
    "div.text",
    h("h2", { id: "t" }, say("title")),
    failed && h("p.note", say("failed")),
    changed(news(config.changes, stored, about)),
    h("p", say("intro")),
    h(
      "ul",
      asked.map(({ title, text }) => h("li", h("b", title), ` ${text}`)),
    ),
    signalled(),
    h(
      "p",
      `${say("who", { controller, count: thirdParties(config) })} `,
      toList(),
      `. ${say("free", { settings: say("settings") })} `,
      toPrivacy(),
    ),
  );
}

/** Each thing once, though it may concern several categories. @param {Change[]} changes */
function changed(changes) {
  const lines = [...new Set(changes.map(told))];
  const rest = lines.splice(NEWS).length;
  if (rest) lines.push(say("rest", { count: rest }));
  return lines.length
    ? [
        h("p.note", say("changed")),
        h(
          "ul.news",
          lines.map((line) => h("li", line)),
        ),
      ]
    : [];
}

/** @param {Change} change */
const told = ({ kind, name = "", provider = "" }) => say(`change_${kind}`, { name, provider });

/**
 * Never lie over the element that has the page's focus (R53): go to the top of the window while
 * it is down here. No style and no scrolling of the page is needed for that.
 */
const dodge = safely(() => {
  const focused = document.activeElement;
  if (!section || !focused || ours(focused)) return;
  section.classList.remove("up");
  const bar = section.getBoundingClientRect();
  const box = focused.getBoundingClientRect();
  // What is taller than the room above cannot be shown whole, wherever we are.
  const under = box.bottom > bar.top && box.top < bar.bottom && box.height < bar.top;
  section.classList.toggle("up", under && box.right > bar.left && box.left < bar.right);
});

/** @type {HTMLElement} */
let end;

/** @type {ResizeObserver} */
let grown;

/**
 * Room at the end of a page that scrolls, so that all of it can be scrolled out from under us
 * (R5). It is in no flow: nothing in the page moves, and no style of the page is touched.
 */
function makeRoom() {
  end = h("i");
  const { style } = end;
  grown = new ResizeObserver(
    safely(() => {
      style.height = "0";
      const { scrollHeight, clientHeight } = document.documentElement;
      style.top = `${scrollHeight}px`;
      if (section && scrollHeight > clientHeight) style.height = `${section.offsetHeight}px`;
    }),
  );
  grown.observe(document.documentElement);
  enter(end);
}
