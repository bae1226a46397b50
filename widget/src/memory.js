/**
 * What stays on the device: the choice cookie, and, while a grant's receipt is not stored yet,
 * the receipt in `localStorage`. Both can be blocked; then the choice holds for this page.
 *
 * @import { Receipt, StoredChoice } from "../types/internal.js"
 */
import { expire, secure } from "./clear.js";
import { host } from "./config.js";
import { newest, secondsLeft } from "./cookie.js";
import { safely } from "./safely.js";

const NAME = "consent";

/** The cookies as they were when the script began (build.mjs says why they are read there). */
let found = JAR;

/** The stored choice, in one read of the cookies. */
export const read = safely(() => {
  const jar = found ?? document.cookie;
  found = undefined;
  return newest(jar);
});

/** The domain that the choice holds for, if the page lies in it. */
const domain = within(location.hostname) ? __DOMAIN__ : "";

/** @param {string} host */
function within(host) {
  return __DOMAIN__ && `.${host}`.endsWith(`.${__DOMAIN__}`);
}

/** Whether the service may set the choice cookie as well, and so must be sent it: its answer sets
 * it again, because some browsers forget after a week what a script has set. */
export const shared = host === location.hostname || (domain && within(host));

/** Keep a choice under its scope. */
export const write = safely((/** @type {StoredChoice} */ choice) => {
  const days = choice.id ? __GRANTED_DAYS__ : __REFUSED_DAYS__;
  document.cookie =
    `${choice.written}${choice.pending ? ".p" : ""};Path=/;SameSite=Lax${secure()}` +
    `;Max-Age=${secondsLeft(choice, days, Date.now())}${domain && `;Domain=${domain}`}`;
});

/** Before a new choice: an older one under another scope would be a second answer. To expire it
 * wherever it may be takes dozens of writes, and meanwhile another tab finds none: only where
 * there is one. */
export const replace = safely((/** @type {StoredChoice} */ choice) => {
  // Reading after a write waits for the browser, before it does not.
  if (document.cookie.includes("consent=")) forget();
  write(choice);
});

export const forget = safely(() => expire(NAME));

/** Have this receipt wait to be stored, or none. @type {(receipt?: Receipt) => void} */
export const keep = safely((receipt) => {
  if (receipt) localStorage[NAME] = JSON.stringify(receipt);
  else localStorage.removeItem(NAME);
});

/** The receipt that waits to be stored. @type {() => Receipt | undefined} */
export const kept = safely(() => JSON.parse(localStorage[NAME]));
