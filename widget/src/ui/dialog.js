/**
 * Layer two: a native dialog with every category, every declared item, and the present receipt.
 * Closing it, by whatever means, leaves everything as it was (R4, R13).
 */
import { MARKETING, setOf } from "../ask.js";
import { choose } from "../choose.js";
import { config, say } from "../config.js";
import { gpc } from "../signals.js";
import { has, look } from "../state.js";
import { h } from "./h.js";
import { items } from "./items.js";
import { button, signalled, toList, toPrivacy } from "./parts.js";
import { receipt } from "./receipt.js";
import { enter, leave } from "./stage.js";

/** @type {HTMLDialogElement | undefined} */
let dialog;

export function openDialog() {
  if (dialog) return;
  look();
  const switches = config.categories.map(({ id }) => makeSwitch(id));
  const on = () => setOf((_, index) => switches[index + 1].checked);
  /** @param {number} granted */
  const answer = (granted) => {
    closeDialog();
    choose(granted, "preferences", 2);
  };
  dialog = /** @type {HTMLDialogElement} */ (
    h(
      "dialog.two",
      { "aria-labelledby": "h", close: closed },
      head(),
      h(
        "div.text",
        signalled(),
        switches.map((input, index) => group(config.categories[index], input)),
        receipt(),
        h("p", toList(), " · ", toPrivacy()),
      ),
      h(
        "div.acts",
        button("save", () => answer(on())),
        // Under the browser's signal only marketing's own switch can turn it on (R7).
        button("accept", () => answer(gpc() ? (7 - MARKETING) | on() : 7)),
        button("reject", () => answer(0)),
      ),
    )
  );
  enter(dialog);
  dialog.showModal();
}

export function closeDialog() {
  dialog?.close();
  closed();
}

function closed() {
  leave(dialog);
  dialog = undefined;
}

/** Focus begins at the heading: what this is, before what one can do. */
const head = () =>
  h(
    "div.head",
    h("h2", { id: "h", tabindex: "-1", autofocus: "" }, say("settings")),
    h("button.x", { "aria-label": say("close"), click: closeDialog }, "×"),
  );

/** @param {string} id */
function makeSwitch(id) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "checkbox", role: "switch", id, "aria-describedby": `d-${id}` })
  );
  input.checked = has(id);
  if (id === "necessary") {
    // Locked, not disabled: Tab still reaches it, and it can say why it is on.
    input.setAttribute("aria-disabled", "true");
    input.onclick = () => false;
  }
  return input;
}

/** @param {typeof config.categories[number]} category @param {HTMLElement} input */
function group({ id, title, text }, input) {
  const off = id === "marketing" && gpc() && !has(id) && "gpc_off";
  const why = id === "necessary" ? "always" : off;
  return h(
    "div.group",
    h("h3", h("label", { for: id }, title), input),
    h("p", { id: `d-${id}` }, `${text} `, why && h("b", say(why))),
    items(id),
  );
}
