/**
 * Layer two: a native dialog with every category, every declared item, and the present receipt.
 * Closing it, by whatever means, leaves everything as it was (R4, R13).
 */
import { CATEGORIES, holds } from "../ask.js";
import { everything, gpc } from "../signals.js";
import { signalled, toList, toPrivacy } from "../ui/parts.js";
import { items } from "./items.js";
import { button, categories, choose, h, leave, now, show } from "./kit.js";
import { receipt } from "./receipt.js";
import css from "./settings.css";

/** @type {HTMLDialogElement | undefined} */
let dialog;

export function openDialog() {
  if (dialog) return;
  const [, , inForce] = now();
  const switches = CATEGORIES.map((id, place) => makeSwitch(id, holds(inForce, place)));
  const on = () => switches.reduce((set, { checked }, at) => set | (+checked << at), 0) >> 1;
  /** @param {number} granted */
  const answer = (granted) => {
    closeDialog();
    choose(granted, "preferences", 2);
  };
  dialog = /** @type {HTMLDialogElement} */ (
    h(
      "dialog.two",
      { "aria-labelledby": "h", onclose: closed },
      head(),
      h(
        "div.text",
        signalled(),
        switches.map((input, place) => group(place, input)),
        receipt(),
        h("p", toList(), " · ", toPrivacy()),
      ),
      h(
        "div.acts",
        button(__save__, () => answer(on())),
        // Under the browser's signal only marketing's own switch can turn it on (R7).
        button(__accept__, () => answer(everything(on()))),
        button(__reject__, () => answer(0)),
      ),
    )
  );
  show(dialog, css);
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
    h("h2", { id: "h", tabIndex: -1, autofocus: true }, __settings__),
    h("button.x", { "aria-label": __close__, onclick: closeDialog }, "×"),
  );

/** @param {string} id @param {boolean} checked */
function makeSwitch(id, checked) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "checkbox", role: "switch", id, checked, "aria-describedby": `d-${id}` })
  );
  if (id === "necessary") {
    // Locked, not disabled: Tab still reaches it, and it can say why it is on.
    input.setAttribute("aria-disabled", "true");
    input.onclick = () => false;
  }
  return input;
}

/** @param {number} place @param {HTMLInputElement} input */
function group(place, input) {
  const { id, checked } = input;
  const [title, text] = categories[place];
  const off = id === "marketing" && gpc() && !checked && __gpc_off__;
  const why = place ? off : __always__;
  return h(
    "div.group",
    h("h3", h("label", { htmlFor: id }, title), input),
    h("p", { id: `d-${id}` }, `${text} `, why && h("b", why)),
    items(place),
  );
}
