/**
 * Layer one: a region first in the body, one Tab away. It traps nothing, locks nothing, and goes
 * only by a choice: Esc, scrolling and waiting grant nothing (R4).
 *
 * @import { Settings } from "../../types/internal.js"
 */
import { holds } from "../ask.js";
import { choose } from "../choose.js";
import { fetchSettings, open, soon } from "../open.js";
import { safely } from "../safely.js";
import { everything, gpc } from "../signals.js";
import { about, categories, failed, inForce, stored, tell } from "../state.js";
import { h } from "./h.js";
import { button, signalled, toList, toPrivacy } from "./parts.js";
import { announce, enter, leave, offer, ours } from "./stage.js";

/** @type {HTMLElement | undefined} */
let section;

/** Show layer one, or put it away, as the state says. What has changed since the visitor's answer
 * is told by the other file, and the question waits for that a moment. */
export function render() {
  if (!about) hideBanner();
  else if (stored && __CHANGED__) soon(ask);
  else ask();
}

/** @param {Settings} [settings] */
function ask(settings) {
  if (!about) return;
  if (!section) showBanner(settings?.news());
  tell("ask");
}

/** @param {Node[]} [news] */
function showBanner(news = []) {
  // The set of categories that the buttons are about, and of those that stay granted whatever is
  // pressed. Where nothing is to be asked, all can be granted and all withdrawn.
  const asked = about || everything(inForce);
  const kept = about && inForce;
  const reject = button(kept ? __no__ : __reject__, () => choose(kept, "banner", 1));
  section = h(
    "section.one",
    { role: "region", "aria-label": __title__, tabIndex: -1 },
    // All that must be told before the buttons (R14).
    h(
      "div.text",
      h("h2", __title__),
      failed && h("p.note", __failed__),
      news,
      h("p", __intro__),
      h(
        "ul",
        categories
          .filter((_, place) => !kept || (place && holds(asked, place)))
          .map(([title, text]) => h("li", h("b", title), ` ${text}`)),
      ),
      signalled(),
      h("p", `${__who__} `, toList(), `. ${__free__} `, toPrivacy()),
    ),
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

/** What stands in for layer two where that cannot be loaded, so that withdrawing never depends on a
 * second request. Whoever asked for it gets its focus. */
export function standIn() {
  if (!section) showBanner();
  section?.focus();
}

export function hideBanner() {
  removeEventListener("focusin", dodge);
  grown?.disconnect();
  // The one with the focus first: while all else stands as it was drawn, the browser has nothing to work out.
  leave(section);
  leave(end);
  offer();
  section = undefined;
}

/**
 * Never lie over the element that has the page's focus (R53): go to the top of the window while
 * it is down here. No style and no scrolling of the page is needed for that.
 */
const dodge = safely(() => {
  const focused = document.activeElement;
  // Where nothing has it, the body counts as focused; to ask where things are would lay out the page.
  if (!section || !focused || focused === document.body || ours(focused)) return;
  const { classList } = section;
  classList.remove("up");
  const bar = section.getBoundingClientRect();
  const box = focused.getBoundingClientRect();
  // What is taller than the room above cannot be shown whole, wherever we are.
  const under = box.bottom > bar.top && box.height < bar.top;
  classList.toggle("up", under && box.right > bar.left && box.left < bar.right);
});

/** @type {HTMLElement} */
let end;

/** @type {ResizeObserver} */
let grown;

/**
 * Room at the end of a page that scrolls, or that reaches under us, so that all of it can be
 * scrolled out from there (R5). It is in no flow: nothing in the page moves, and no style of the
 * page is touched. Where a bar to scroll with would first have to come, and would move the page,
 * there is none: then the keyboard's focus, or an answer, gets us out of the way.
 */
function makeRoom() {
  end = h("i");
  const { style } = end;
  const root = document.documentElement;
  grown = new ResizeObserver(
    safely(() => {
      style.height = "";
      const { scrollHeight, clientHeight, clientWidth } = root;
      const { offsetTop = 0, offsetHeight } = section ?? {};
      style.top = `${scrollHeight}px`;
      if (scrollHeight > clientHeight || document.body.offsetHeight > offsetTop)
        style.height = `${offsetHeight}px`;
      if (scrollHeight <= clientHeight && root.clientWidth < clientWidth) style.height = "";
    }),
  );
  grown.observe(root);
  enter(end);
}
