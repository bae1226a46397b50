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

/**
 * The cookies as the script begins, or why they cannot be read. At each read Chromium looks at the stack, and
 * so at the source of every function in it: that took a fifth of the script's time. So the browser's own
 * function reads them while nothing of ours is on the stack: in a microtask, right after the script.
 *
 * @type {string | undefined}
 */
let found = await Promise.resolve("cookie").then(Reflect.get.bind(0, document)).catch(String);

/** The stored choice, in one read of the cookies. */
export const read = safely(() => {
  const jar = found ?? document.cookie;
  found = undefined;
  return newest(jar);
});

/** That the choice holds for a domain, if the page lies in it. */
const domain = within(location.hostname) ? `;Domain=${__DOMAIN__}` : "";

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
    `;Max-Age=${secondsLeft(choice, days, Date.now())}${domain}`;
});

export const forget = safely(() => expire(NAME));

/** Have this receipt wait to be stored, or none. @type {(receipt?: Receipt) => void} */
export const keep = safely((receipt) => {
  if (receipt) localStorage[NAME] = JSON.stringify(receipt);
  else localStorage.removeItem(NAME);
});

/** The receipt that waits to be stored. @type {() => Receipt | undefined} */
export const kept = safely(() => JSON.parse(localStorage[NAME]));
