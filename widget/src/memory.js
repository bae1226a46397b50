/**
 * What stays on the device: the choice cookie, and, while a grant's receipt is not stored yet,
 * the receipt in `localStorage`. Both can be blocked; then the choice holds for this page.
 *
 * @import { Receipt, StoredChoice } from "../types/internal.js"
 */
import { expire, secure } from "./clear.js";
import { newest, secondsLeft } from "./cookie.js";
import { safely } from "./safely.js";

const NAME = "consent";

/** The stored choice, in one read of the cookies. */
export const read = safely(() => newest(document.cookie));

/** Keep a choice under its scope only: an older one under another would be a second answer. */
export const write = safely((/** @type {StoredChoice} */ choice) => {
  const domain = __DOMAIN__;
  const within = domain && `.${location.hostname}`.endsWith(`.${domain}`);
  const days = choice.id ? __GRANTED_DAYS__ : __REFUSED_DAYS__;
  forget();
  document.cookie =
    `${choice.written}${choice.pending ? ".p" : ""};Path=/;SameSite=Lax${secure()}` +
    `;Max-Age=${secondsLeft(choice, days, Date.now())}${within ? `;Domain=${domain}` : ""}`;
});

export const forget = safely(() => expire(NAME));

export const keep = safely((/** @type {Receipt} */ receipt) => {
  localStorage[NAME] = JSON.stringify(receipt);
});

export const drop = safely(() => localStorage.removeItem(NAME));

/** The receipt that waits to be stored. @type {() => Receipt | undefined} */
export const kept = safely(() => JSON.parse(localStorage[NAME]));
