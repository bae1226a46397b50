/** The present receipt: the visitor's own proof, to copy, to take and to check. */
import { holds } from "../ask.js";
import { api, config, say } from "../config.js";
import { DAY } from "../cookie.js";
import { state } from "../state.js";
import { h } from "./h.js";
import { link } from "./parts.js";

export function receipt() {
  const { stored, made, recorded } = state;
  // After a refusal the device holds no id; this page still knows it until it goes.
  const id = stored?.id ?? made;
  if (!stored || !id) return [];
  const granted = config.categories.slice(1).filter(({ id }) => holds(stored.granted, id));
  const list = granted.map(({ title }) => title).join(", ");
  // The service's time where it is known; the cookie knows the day alone.
  const time = new Date(recorded ?? (stored.day + 0.5) * DAY).toLocaleString(config.language, {
    dateStyle: "long",
    timeStyle: recorded ? "short" : undefined,
  });
  const code = h("code", id);
  return h(
    "div.group",
    h("h3", say("receipt")),
    h("p", `${time} · ${say("granted", { list })}`),
    h("p", code),
    h(
      "p.links",
      copier(code),
      stored.pending ? say("waiting") : link(`${api}receipts/${id}`, "download"),
      link(config.links.verify, "verify"),
    ),
  );
}

/** Where a page may not write to the clipboard, the id is selected for the visitor to copy.
 * @param {HTMLElement} code */
function copier(code) {
  const click = async () => {
    try {
      await navigator.clipboard.writeText(code.innerText);
      button.textContent = say("copied");
    } catch {
      getSelection()?.selectAllChildren(code);
    }
  };
  const button = h("button.l", { click, "aria-live": "polite" }, say("copy"));
  return button;
}
