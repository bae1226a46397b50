/**
 * Sending receipts until they are stored.
 *
 * @import { Receipt, Recorded } from "../types/internal.js"
 */
import { DAY } from "./cookie.js";
import { madeAt } from "./id.js";

/**
 * A text needs no preflight; keepalive lets it outlive the page; no path leaves (R46).
 *
 * @param {string} url
 * @param {unknown} body
 * @param {RequestCredentials} [credentials]
 */
export const post = (url, body, credentials = "omit") =>
  fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    credentials,
    referrerPolicy: "origin",
    keepalive: true,
  });

/**
 * Send a receipt, again and again where that can help. A retry is recognised by its id. The
 * service's refusals are final; a full service, a failing one and a dead network are not, until a
 * day has passed since the choice (R47).
 *
 * @param {string} url
 * @param {Receipt} receipt
 * @param {(receipt: Receipt, recorded: Recorded) => void} stored
 * @param {(receipt: Receipt) => void} lost  It will never be stored.
 * @param {RequestCredentials} [credentials]
 * @param {number} [pause]  Milliseconds before the next try; doubled by each, up to 5 minutes.
 * @returns {Promise<void>}
 */
export async function send(
  url,
  receipt,
  stored,
  lost,
  credentials,
  pause = 2000,
) {
  if (Date.now() - madeAt(receipt.id) >= DAY) return lost(receipt);
  try {
    const answer = await post(url, receipt, credentials);
    if (answer.ok) return stored(receipt, await answer.json());
    if (answer.status < 500 && answer.status !== 429) return lost(receipt);
  } catch {
    // No network, or no answer that can be read: the next try may fare better.
  }
  setTimeout(send, pause, url, receipt, stored, lost, credentials, Math.min(pause * 2, 3e5));
}
