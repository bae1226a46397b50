/**
 * Sending receipts until they are stored. What it needs of the browser comes in as arguments.
 *
 * @import { Receipt, Recorded } from "../types/internal.js"
 */
import { DAY } from "./cookie.js";
import { madeAt } from "./id.js";

/**
 * @typedef {object} Sending
 * @property {string} url
 * @property {typeof fetch} fetch
 * @property {(action: () => void, milliseconds: number) => void} later
 * @property {() => number} now  Unix milliseconds.
 * @property {(receipt: Receipt, recorded: Recorded) => void} stored
 * @property {(receipt: Receipt) => void} lost  It will never be stored.
 */

/**
 * Send a receipt, again and again where that can help. A retry is recognised by its id. The
 * service's refusals are final; a full service, a failing one and a dead network are not, until a
 * day has passed since the choice (R47).
 *
 * @param {Sending} by
 * @param {Receipt} receipt
 * @param {number} [tries]  How many went before.
 * @returns {Promise<void>}
 */
export async function send(by, receipt, tries = 0) {
  if (by.now() - madeAt(receipt.id) >= DAY) return by.lost(receipt);
  const answer = await post(by, receipt);
  if (answer.recorded) by.stored(receipt, answer.recorded);
  else if (answer.final) by.lost(receipt);
  else by.later(() => send(by, receipt, tries + 1), pause(tries));
}

/** Milliseconds before the next try: 2 s, doubled up to 5 minutes. @param {number} tries */
export const pause = (tries) => Math.min(2000 * 2 ** tries, 3e5);

/**
 * @param {Sending} by
 * @param {Receipt} receipt
 * @returns {Promise<{ recorded?: Recorded, final?: boolean }>}
 */
async function post(by, receipt) {
  try {
    // text/plain needs no preflight; keepalive lets it outlive the page; no path leaves (R46).
    const answer = await by.fetch(by.url, {
      method: "POST",
      body: JSON.stringify(receipt),
      headers: { "content-type": "text/plain" },
      credentials: "omit",
      referrerPolicy: "origin",
      keepalive: true,
    });
    if (answer.ok) return { recorded: await answer.json() };
    return { final: answer.status < 500 && answer.status !== 429 };
  } catch {
    return {};
  }
}
