/** The present receipt: the visitor's own proof, to copy, to take and to check. */
import { api, config, say } from "../config.js";
import { DAY } from "../cookie.js";
import { state } from "../state.js";
import { h } from "./h.js";
import { link, titleOf } from "./parts.js";

export function receipt() {
  const { stored, receipt: made } = state;
  // After a refusal the device holds no id; this page still knows it until it goes.
  const id = stored?.id ?? made?.id;
  if (!stored || !id) return [];
  const code = h("code", {}, id);
  const granted = stored.granted.map(titleOf).join(", ") || say("nothing");
  const file = h("a", { href: `${api}receipts/${id}`, target: "_blank", rel: "noopener" }, say("download"));
  return [
    h(
      "div",
      { class: "group" },
      h("h3", {}, say("receipt")),
      h("p", {}, `${when(stored.day)} · ${say("granted", { list: granted })}`),
      h("p", {}, code),
      h(
        "p",
        { class: "links" },
        h("button", { class: "l", type: "button", "aria-live": "polite", onclick: copy(code) }, say("copy")),
        stored.pending ? say("waiting") : file,
        link("verify", "verify"),
      ),
    ),
  ];
}

/** The service's time where it is known; the cookie knows the day alone. @param {number} day */
function when(day) {
  const { recordedAt } = state;
  const format = new Intl.DateTimeFormat(config.language, {
    dateStyle: "long",
    ...(recordedAt ? { timeStyle: "short" } : { timeZone: "UTC" }),
  });
  return format.format(recordedAt ? new Date(recordedAt) : day * DAY);
}

/** Where a page may not write to the clipboard, the id is selected for the visitor to copy.
 * @param {HTMLElement} code */
const copy = (code) => async (/** @type {Event} */ { currentTarget }) => {
  const button = /** @type {HTMLElement} */ (currentTarget);
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
    button.textContent = say("copied");
  } catch {
    getSelection()?.selectAllChildren(code);
  }
};
