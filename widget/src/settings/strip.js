/**
 * A line at the foot of the window. It asks nothing, and nothing that is done to it is a choice.
 *
 * @import { StoredChoice } from "../../types/internal.js"
 */
import { toList } from "../ui/parts.js";
import { button, h, leave, now, show, version, write } from "./kit.js";
import css from "./settings.css";

/**
 * @param {string} text
 * @param {...HTMLElement} controls
 */
function strip(text, ...controls) {
  const told = h("p", { role: "status" });
  const away = h("button.l", { onclick: () => leave(section) }, __close__);
  const section = h("section.strip", { "aria-label": __settings__ }, told, controls, away);
  show(section, css);
  // A live region is read when its text changes, not when it arrives with the text.
  setTimeout(() => (told.textContent = text), 100);
  return section;
}

/** What changed without asking again, told once to who has chosen. */
export function notice() {
  const [stored, about] = now();
  if (about || !stored || stored.version >= __NOTICED__ || !remembered(stored)) return;
  now();
  strip(__notice__, toList());
}

/**
 * Remember what was told, if it was not yet: the cookie then says that it was told of this version,
 * and stands no longer than before. Where the service has set the cookie, a script that wrote it
 * would have Safari forget it, and ask, after a week: there the version lies in `localStorage`,
 * where a receipt lies that is not stored yet.
 *
 * @param {StoredChoice} stored
 */
function remembered(stored) {
  if (write) {
    const written = stored.written.replace(/1\.\w+/, `1.${version.toString(36)}`);
    write({ ...stored, written, version });
    return true;
  }
  if (stored.pending || localStorage.consent >= __NOTICED__) return false;
  localStorage.consent = version;
  return true;
}

/** The offer that was made. @type {HTMLElement | undefined} */
let offered;

/** What runs goes on until the page is loaded anew: the site leaves it to the visitor when. Two
 * changes in one moment, such as a yes and its withdrawal, both come here: one offer is enough. */
export function offer() {
  if (offered?.isConnected) return;
  offered = strip(__offer__, button(__reload__, () => location.reload()));
}
