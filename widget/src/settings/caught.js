/** What automatic blocking caught is told to the service once a page view for each host and kind. */
import { api } from "../config.js";
import { post } from "../receipts.js";

/** @type {Set<string>} */
const told = new Set();

/** @param {string} host  As it was declared. @param {string} kind */
export function caught(host, kind) {
  const name = `${host} ${kind}`;
  if (told.has(name)) return;
  told.add(name);
  // If it is lost, another visit tells it.
  post(`${api}caught`, { host, kind }).catch(() => {});
}
