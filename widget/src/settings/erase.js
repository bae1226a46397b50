/**
 * Having the receipt erased (GDPR 17): told, confirmed in place, done.
 *
 * First at the service, and only then is the consent withdrawn here. The other way round, a
 * service that cannot be reached would leave a receipt whose number no device holds any more. And
 * the withdrawal's own receipt names none before it: the service finds no such receipt.
 */
import { api } from "../config.js";
import { closeDialog } from "./dialog.js";
import { announce, button, choose, h } from "./kit.js";

/** Milliseconds that the service has for its answer. */
const PATIENCE = 10_000;

/** @param {string} id */
export function eraser(id) {
  const told = h("p", { role: "status" });
  let asking = false;
  const erase = async () => {
    if (asking) return;
    asking = true;
    told.textContent = "…";
    const gone = await isGone(id);
    asking = false;
    if (gone) withdraw();
    else told.textContent = __unerased__;
  };
  return h(
    "details",
    h("summary", __erase__),
    h("p", __erase_told__),
    button(__erase_now__, erase),
    told,
  );
}

/** Whether a receipt was erased in this page: then it shows none of the withdrawal either. */
export let erased = false;

function withdraw() {
  erased = true;
  closeDialog();
  choose(0, "preferences", 2);
  // After the choice's own words, which come one macrotask later.
  setTimeout(announce, 0, __erased__, true);
}

/** Whether the service has no such receipt any more. What it never had is not there either.
 * @param {string} id */
async function isGone(id) {
  try {
    const { ok, status } = await fetch(`${api}receipts/${id}/erasure`, {
      method: "POST",
      body: "",
      credentials: "omit",
      referrerPolicy: "origin",
      signal: AbortSignal.timeout(PATIENCE),
    });
    return ok || status === 404;
  } catch {
    // No network, or no answer that can be read.
    return false;
  }
}
