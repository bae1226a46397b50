/**
 * The two ways in which what is in force changes: a choice, and a grant that lapses because its
 * receipt cannot be stored.
 *
 * @import { Receipt, Recorded, Source } from "../types/internal.js"
 */
import { actionOf, viewportOf } from "./answer.js";
import { clear } from "./clear.js";
import { api, config, say } from "./config.js";
import { format, parse } from "./cookie.js";
import { apply, outdated } from "./gate.js";
import { lengthen, uuid7 } from "./id.js";
import { drop, forget, keep, kept, read, write } from "./memory.js";
import { send } from "./receipts.js";
import { safely } from "./safely.js";
import { gpc } from "./signals.js";
import { choices, has, look, state, tell, today } from "./state.js";
import { announce } from "./ui/stage.js";

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
  const { inForce, stored: former } = state;
  if (former?.pending) drop();
  const stored = parse(format(config, today(), granted, gpc(), short));
  const id = lengthen(short);
  Object.assign(state, { stored, made: id, about: 0, inForce: granted, failed: false });
  state.recorded = undefined;
  /** @type {Receipt} */
  const receipt = {
    id,
    version: config.version,
    language: config.language,
    artifact: config.artifact,
    action: actionOf(inForce, granted),
    source,
    layer,
    viewport: viewportOf(innerWidth),
    choices: choices(),
    gpc: gpc(),
    previous: former?.id ?? null,
  };
  if (stored) write(stored);
  if (granted) keep(receipt);
  settle(() => deliver(receipt));
  announce(say("saved"), true);
}

/**
 * Make the page agree with what is in force now. Code that already runs for a category which is
 * now denied can only be stopped by loading the page anew; what must be sent goes before.
 *
 * @param {() => void} [before]
 */
function settle(before) {
  tell("change");
  apply();
  erase();
  state.render();
  setTimeout(() => {
    before?.();
    if (!outdated()) return;
    // What still runs may write until the last moment.
    addEventListener("pagehide", erase);
    location.reload();
  });
}

const erase = () => clear(config.declarations, has);

/** @param {Receipt} receipt */
const deliver = (receipt) => send(`${api}receipts`, receipt, safely(recorded), safely(lost));

/** @param {Receipt} receipt @param {Recorded} answer */
function recorded({ id }, { recorded_at }) {
  const stored = read() ?? state.stored;
  if (id === state.made) state.recorded = recorded_at;
  // Only if the cookie is still of this choice: another tab may have made a newer one.
  if (stored?.id !== id) return;
  state.stored = { ...stored, pending: false };
  write(state.stored);
  drop();
}

/** A grant that nobody can prove is not used (R47). @param {{ id: string }} receipt */
function lost({ id }) {
  look();
  if (state.stored?.id !== id) return;
  forget();
  drop();
  state.stored = null;
  state.failed = true;
  look();
  settle();
}

/** At the start of a page: send again what could not be stored, or let the grant lapse. */
export function resume() {
  const { id, pending } = state.stored ?? {};
  const receipt = pending ? kept() : undefined;
  if (receipt && receipt.id === id) deliver(receipt);
  else if (pending && id) lost({ id });
}
