/**
 * The two ways in which what is in force changes: a choice, and a grant that lapses because its
 * receipt cannot be stored.
 *
 * @import { Made, Receipt, Recorded, Source, StoredChoice } from "../types/internal.js"
 */
import { actionOf, viewportOf } from "./answer.js";
import { ALL, holds } from "./ask.js";
import { clear } from "./clear.js";
import { api, language } from "./config.js";
import { format, parse } from "./cookie.js";
import { apply, outdated } from "./gate.js";
import { lengthen, uuid7 } from "./id.js";
import { forget, keep, kept, read, shared, write } from "./memory.js";
import { withSettings } from "./open.js";
import { send } from "./receipts.js";
import { safely } from "./safely.js";
import { gpc } from "./signals.js";
import { choices, inForce, look, made, stand, stored, tell, today, version } from "./state.js";
import { render } from "./ui/banner.js";
import { announce } from "./ui/stage.js";

/** What is to be told after a change, and may take a moment. @type {(() => unknown)[]} */
export const tellers = [];

/**
 * The visitor has chosen. It holds at once: the cookie first, then whoever listens, then the
 * tags; the receipt goes one macrotask later, so that the page can paint before.
 *
 * @param {number} granted  The set of categories.
 * @param {Source} source
 * @param {1 | 2} layer
 */
export function choose(granted, source, layer) {
  const short = uuid7(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
  const choice = /** @type {StoredChoice} */ (
    parse(format(version, __EPOCHS__, today(), granted, gpc(), short))
  );
  /** @type {Receipt} */
  const receipt = {
    id: choice.id ?? lengthen(short),
    version,
    language,
    artifact: __TAG__,
    action: actionOf(inForce, granted),
    source,
    layer,
    viewport: viewportOf(innerWidth),
    choices: choices(granted),
    gpc: gpc(),
    previous: stored?.id ?? null,
  };
  // An older one under another scope would be a second answer. To expire it wherever it may be takes dozens of
  // writes, and meanwhile another tab finds none: only where there is one. To look now would take a fifth of
  // the time until the answer is seen.
  if (stored) forget();
  write(choice);
  stand(choice, receipt);
  settle(() => {
    // Neither of these before the page has shown the answer: a new element is laid out and painted, and the first
    // use of a storage loads all of it.
    announce(__saved__, true);
    keep(granted ? receipt : undefined);
    return deliver(receipt);
  });
}

/** Milliseconds that a reload waits for what is under way: it would go on, but nobody would know
 * what became of it. */
const PATIENCE = 1000;

/**
 * Make the page agree with what is in force now. Code that already runs for a category which is
 * now denied can only be stopped by loading the page anew; what must be sent goes before.
 *
 * @param {() => unknown} [before]
 */
function settle(before) {
  const told = tellers.map((update) => update());
  tell("change");
  apply();
  erase();
  render();
  setTimeout(async () => {
    const sent = before?.();
    if (!outdated()) return;
    // What still runs may write until the last moment.
    addEventListener("pagehide", erase);
    if (!__RELOAD__) return withSettings(({ offer }) => offer());
    const enough = new Promise((done) => setTimeout(done, PATIENCE));
    await Promise.race([Promise.all([...told, sent]), enough]);
    location.reload();
  });
}

/** Do as another tab chose, if one did: when the page is seen again, and not when it goes or first comes.
 * @type {(event: Event & { persisted?: boolean }) => void} */
export const agree = safely((event) => {
  if (!(event.persisted ?? !document.hidden)) return;
  const known = stored?.written;
  look();
  if (stored?.written !== known) settle();
});

const erase = safely(() => {
  if (inForce < ALL) clear((place) => holds(inForce, place));
});

/** @param {Receipt} receipt */
const deliver = (receipt) =>
  send(`${api}receipts`, receipt, safely(recorded), safely(lost), shared ? "include" : "omit");

/** @param {Made} receipt @param {Recorded} answer */
function recorded(receipt, { recorded_at }) {
  receipt.recorded_at = recorded_at;
  // The answer to an older choice, come late, may have set that one's cookie again.
  if (shared && made && made !== receipt && stored) write(stored);
  const choice = read() ?? stored;
  // Only if the cookie is still of this choice: another tab may have made a newer one.
  if (choice?.id !== receipt.id) return;
  // What the service has set again lasts longer than what a script sets.
  if (choice.pending) write({ ...choice, pending: false });
  look();
  keep();
}

/** A grant that nobody can prove is not used (R47). @param {{ id: string }} receipt */
function lost({ id }) {
  look();
  if (stored?.id !== id) return;
  forget();
  keep();
  stand(null);
  settle();
}

/** At the start of a page: send again what could not be stored, or let the grant lapse. */
export function resume() {
  const { id, pending } = stored ?? {};
  const receipt = pending ? kept() : undefined;
  if (receipt && receipt.id === id) deliver(receipt);
  else if (pending && id) lost({ id });
}
