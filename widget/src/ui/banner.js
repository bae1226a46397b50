/**
 * Layer one: a region first in the body, one Tab away. It traps nothing, locks nothing, and goes
 * only by a choice: Esc, scrolling and waiting grant nothing (R4).
 */
import { news } from "../answer.js";
import { holds } from "../ask.js";
import { choose } from "../choose.js";
import { fetchSettings, open } from "../open.js";
import { safely } from "../safely.js";
import { everything, gpc } from "../signals.js";
import { about, categories, failed, inForce, stored, tell } from "../state.js";
import { h } from "./h.js";
import { button, signalled, toList, toPrivacy } from "./parts.js";
import { announce, enter, leave, offer, ours } from "./stage.js";

/** As many changes as fit; the rest is one link away. */
const NEWS = 3;

/** @type {HTMLElement | undefined} */
let section;

/** Show layer one, or put it away, as the state says. */
export function render() {
  if (!about) return hideBanner();
  showBanner(about, inForce);
  tell("ask");
}

/**
 * @param {number} asked  The set of categories that the buttons are about.
 * @param {number} kept  The set of those that stay granted whatever is pressed.
 */
export function showBanner(asked, kept) {
  if (section) return;
  const reject = button(kept ? __no__ : __reject__, () => choose(kept, "banner", 1));
  section = h(
    "section.one",
    { role: "region", "aria-label": __title__, tabIndex: -1 },
    text(asked, kept),
    h(
      "div.acts",
      // "All" would be untrue where other categories stay as they are (R11).
      button(kept ? __yes__ : __accept__, () => choose(asked | kept, "banner", 1)),
      reject,
      about ? more() : button(__close__, hideBanner),
    ),
  );
  enter(section);
  offer(reject);
  makeRoom();
  addEventListener("focusin", dodge);
  dodge();
  announce(gpc() ? __gpc__ : __title__);
}

/** The way to layer two, which is fetched before the press: then it is there at once. */
function more() {
  const opener = button(__choose__, open);
  opener.onpointerenter = opener.onfocus = fetchSettings;
  return opener;
}

/**
 * What stands in for layer two where that cannot be loaded: all can be granted and all withdrawn,
 * so that withdrawing never depends on a second request. Whoever asked for it gets its focus.
 */
export function standIn() {
  if (about) showBanner(about, inForce);
  else showBanner(everything(inForce), 0);
  section?.focus();
}

export function hideBanner() {
  removeEventListener("focusin", dodge);
  grown?.disconnect();
  leave(end);
  leave(section);
  offer();
  section = undefined;
}

/** All that must be told before the buttons (R14). @param {number} asked @param {number} kept */
function text(asked, kept) {
  const changed = news(__CHANGES__, stored, asked);
  const rest = changed.splice(NEWS).length;
  if (rest) changed.push(__rest__.replace("{count}", `${rest}`));
  return h(
    "div.text",
    h("h2", __title__),
    failed && h("p.note", __failed__),
    changed[0] && [h("p.note", __changed__), list(changed, "ul.news")],
    h("p", __intro__),
    list(
      categories
        .filter((_, place) => !kept || (place && holds(asked, place)))
        .map(([title, text]) => [h("b", title), ` ${text}`]),
    ),
    signalled(),
    h("p", `${__who__} `, toList(), `. ${__free__} `, toPrivacy()),
  );
}

/** @param {(Node | string)[] | (Node | string)[][]} lines */
const list = (lines, spec = "ul") => h(spec, lines.map((line) => h("li", line)));

/**
 * Never lie over the element that has the page's focus (R53): go to the top of the window while
 * it is down here. No style and no scrolling of the page is needed for that.
 */
const dodge = safely(() => {
  const focused = document.activeElement;
  // Where nothing has it, the body counts as focused; to ask where things are would lay out the page.
  if (!section || !focused || focused === document.body || ours(focused)) return;
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
