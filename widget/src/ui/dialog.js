/**
 * Layer two: a native dialog with every category, every declared item, and the present receipt.
 * Closing it, by whatever means, leaves everything as it was (R4, R13).
 *
 * @import { Optional } from "../../types/internal.js"
 */
import { OPTIONAL } from "../ask.js";
import { choose } from "../choose.js";
import { config, say } from "../config.js";
import { gpc } from "../signals.js";
import { has, look } from "../state.js";
import { items } from "./items.js";
import { h } from "./h.js";
import { button, link, signalled } from "./parts.js";
import { receipt } from "./receipt.js";
import { announce, enter, leave } from "./stage.js";

/** @type {HTMLDialogElement | undefined} */
let dialog;

/** @param {() => void} done  Called when a choice was made. */
export function openDialog(done) {
  if (dialog) return;
  look();
  const switches = OPTIONAL.map(switchOf);
  /** @param {readonly Optional[]} granted */
  const answer = (granted) => {
    dialog?.close();
    choose(granted, "preferences", 2);
    done();
    announce(say("saved"), true);
  };
  const on = () => OPTIONAL.filter((_, index) => switches[index].checked);
  dialog = /** @type {HTMLDialogElement} */ (
    h("dialog", { class: "two", "aria-labelledby": "head", onclose: closed }, head(), body(switches))
  );
  const all = () => OPTIONAL.filter((name) => name !== "marketing" || !gpc() || on().includes(name));
  dialog.append(
    h(
      "div",
      { class: "acts" },
      button("save", () => answer(on())),
      button("accept", () => answer(all())),
      button("reject", () => answer([])),
    ),
  );
  enter(dialog);
  dialog.showModal();
}

export const closeDialog = () => dialog?.close();

function closed() {
  if (dialog) leave(dialog);
  dialog = undefined;
}

/** Focus begins at the heading: what this is, before what one can do. */
function head() {
  return h(
    "div",
    { class: "head" },
    h("h2", { id: "head", tabindex: -1, autofocus: true }, say("settings")),
    h("button", { class: "x", type: "button", "aria-label": say("close"), onclick: closeDialog }, "×"),
  );
}

/** @param {HTMLInputElement[]} switches */
function body(switches) {
  const [first, ...optional] = config.categories;
  // Locked, not disabled: Tab still reaches it, and it can say why it is on.
  const locked = h("input", {
    type: "checkbox",
    role: "switch",
    id: "s-necessary",
    checked: true,
    "aria-disabled": "true",
    "aria-describedby": "d-necessary",
    onclick: (event) => event.preventDefault(),
  });
  return h(
    "div",
    { class: "text" },
    ...signalled(),
    group(first, locked, say("always")),
    ...optional.map((category, index) => group(category, switches[index], why(category.id))),
    ...receipt(),
    h("p", {}, link("cookies", "list"), " · ", link("privacy", "privacy")),
  );
}

/** @param {Optional} id */
const switchOf = (id) =>
  /** @type {HTMLInputElement} */ (
    h("input", {
      type: "checkbox",
      role: "switch",
      id: `s-${id}`,
      checked: has(id),
      "aria-describedby": `d-${id}`,
    })
  );

/** @param {string} id */
const why = (id) => (id === "marketing" && gpc() && !has(id) ? say("gpc_off") : "");

/**
 * @param {{ id: string, title: string, text: string }} category
 * @param {HTMLElement} input
 * @param {string} note
 */
function group({ id, title, text }, input, note) {
  return h(
    "div",
    { class: "group" },
    h("h3", {}, h("label", { for: `s-${id}` }, title), input),
    h("p", { id: `d-${id}` }, text, ...(note ? [" ", h("i", {}, note)] : [])),
    items(id),
  );
}
