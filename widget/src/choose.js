/**
 * The two ways in which what is in force changes: a choice, and a grant that lapses because its
 * receipt cannot be stored.
 *
 * @import { Optional, Receipt, Recorded, Source } from "../types/internal.js"
 */
import { actionOf, choicesOf, viewportOf } from "./answer.js";
import { clear } from "./clear.js";
import { api, config } from "./config.js";
import { DAY } from "./cookie.js";
import { apply, outdated } from "./gate.js";
import { madeAt, uuid7 } from "./id.js";
import { drop, forget, keep, kept, read, write } from "./memory.js";
import { send } from "./receipts.js";
import { safely } from "./safely.js";
import { gpc } from "./signals.js";
import { has, look, state, tell } from "./state.js";

/**
 * The visitor has chosen. It holds at once: the cookie first, then whoever listens, then the
 * tags; the receipt goes one macrotask later, so that the page can paint before.
 *
 * @param {readonly Optional[]} granted
 * @param {Source} source
 * @param {1 | 2} layer
 */
export function choose(granted, source, layer) {
  const receipt = receiptOf(granted, source, layer);
  if (state.stored?.pending) drop();
  const id = granted.length ? receipt.id : null;
  state.stored = {
    version: config.version,
    day: Math.floor(Date.now() / DAY),
    granted,
    epochs: config.epochs,
    id,
    despite: gpc() && granted.includes("marketing"),
    pending: !!id,
  };
  state.receipt = receipt;
  state.recordedAt = undefined;
  state.failed = false;
  state.verdict = { ask: false, about: [], inForce: granted };
  write(state.stored);
  if (id) keep(receipt);
  settle(() => deliver(receipt));
}

/**
 * @param {readonly Optional[]} granted
 * @param {Source} source
 * @param {1 | 2} layer
 * @returns {Receipt}
 */
const receiptOf = (granted, source, layer) => ({
  id: uuid7(Date.now(), crypto.getRandomValues(new Uint8Array(16))),
  version: config.version,
  language: config.language,
  artifact: config.artifact,
  action: actionOf(state.verdict.inForce, granted),
  source,
  layer,
  viewport: viewportOf(innerWidth),
  choices: choicesOf(granted),
  gpc: gpc(),
  previous: state.stored?.id ?? null,
});

/**
 * Make the page agree with what is in force now. Code that already runs for a category which is
 * now denied can only be stopped by loading the page anew; `before` that, what must go goes.
 *
 * @param {() => void} before
 */
function settle(before) {
  tell("change");
  apply();
  erase();
  setTimeout(
    safely(() => {
      before();
      if (!outdated()) return;
      // What still runs may write until the last moment.
      addEventListener("pagehide", erase);
      location.reload();
    }),
  );
}

const erase = () => clear(config.declarations, has);

/** @param {Receipt} receipt */
const deliver = (receipt) =>
  void send(
    {
      url: `${api}receipts`,
      fetch: (url, options) => fetch(url, options),
      later: (action, milliseconds) => setTimeout(action, milliseconds),
      now: Date.now,
      stored: safely(stored),
      lost: safely(lost),
    },
    receipt,
  );

/** @param {Receipt} receipt @param {Recorded} recorded */
function stored(receipt, recorded) {
  if (receipt.id === state.receipt?.id) state.recordedAt = recorded.recorded_at;
  const now = read() ?? state.stored;
  // Only if the cookie is still of this choice: another tab may have made a newer one.
  if (now?.id !== receipt.id) return;
  state.stored = { ...now, pending: false };
  write(state.stored);
  drop();
}

/** A grant that nobody can prove is not used (R47). @param {Receipt} receipt */
function lost(receipt) {
  look();
  if (state.stored?.id !== receipt.id) return;
  lapse();
  state.failed = true;
  settle(() => outdated() || state.ask());
}

function lapse() {
  forget();
  drop();
  state.stored = null;
  look();
}

/** At the start of a page: send again what could not be stored, or let the grant lapse. */
export function resume() {
  const { id, pending } = state.stored ?? {};
  if (!id || !pending) return;
  const receipt = kept(id);
  if (!receipt || Date.now() - madeAt(id) >= DAY) {
    lapse();
    state.failed = true;
  } else setTimeout(() => deliver(receipt), 0);
}
