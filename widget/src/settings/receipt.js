/** The present receipt: the visitor's own proof, to copy, to take, to check and to have erased. */
import { holds } from "../ask.js";
import { DAY } from "../cookie.js";
import { erased, eraser } from "./erase.js";
import { categories, h, link, now } from "./kit.js";

/** @returns {Node[]} */
export function receipt() {
  const [stored, , , made] = now();
  // After a refusal the device holds no id; this page still knows it until it goes.
  const id = stored?.id ?? (erased ? undefined : made?.id);
  if (!stored || !id) return [];
  const granted = categories.filter((_, place) => place && holds(stored.granted, place));
  const list = new Intl.ListFormat(__LANGUAGE__).format(granted.map(([title]) => title));
  const code = h("code", id);
  const when = timeOf(stored.day, made?.recorded_at);
  return [
    h(
      "div.group",
      h("h3", __receipt__),
      h("p", `${when} · ${__granted__.replace("{list}", () => list)}`),
      h("p", code),
      h(
        "p.links",
        copier(code),
        stored.pending ? __waiting__ : link(`/v1/sites/${__SITE__}/receipts/${id}`, __download__),
        link("/verify", __verify__),
      ),
      // What waits to be recorded ends with a refusal; what no device holds, at the service.
      stored.id && !stored.pending ? eraser(id) : [],
    ),
  ];
}

/** The service's time where it is known; the cookie knows the day alone.
 * @param {number} day
 * @param {string} [recorded] */
const timeOf = (day, recorded) =>
  new Date(recorded ?? (day + 0.5) * DAY).toLocaleString(__LANGUAGE__, {
    dateStyle: "long",
    timeStyle: recorded ? "short" : undefined,
  });

/** Where a page may not write to the clipboard, the id is selected for the visitor to copy.
 * @param {HTMLElement} code */
function copier(code) {
  const onclick = async () => {
    try {
      await navigator.clipboard.writeText(code.innerText);
      button.textContent = __copied__;
    } catch {
      getSelection()?.selectAllChildren(code);
    }
  };
  const button = h("button.l", { onclick, "aria-live": "polite" }, __copy__);
  return button;
}
