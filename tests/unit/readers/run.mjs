/**
 * Runs the JavaScript reader of the choice cookie on a table.
 * Standard input: the rows of `tests/vectors/cookie.json`. Standard output: what it reads of each.
 */
import { text } from "node:stream/consumers";
import { read } from "../../../consent_service/help/readers/consent.mjs";

const rows = JSON.parse(await text(process.stdin));
const answers = rows.map(({ cookies, epochs, days, gpc, now }) =>
  read(cookies, { epochs, policy: { days } }, gpc ? "1" : null, now * 1000),
);
process.stdout.write(JSON.stringify(answers));
