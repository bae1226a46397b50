/** The browser that is installed: `CHROMIUM` names it, else the usual places are tried. */
import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FOLDERS = (process.env.PATH ?? "").split(":");

export function findChromium() {
  const places = FOLDERS.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`));
  const found = process.env.CHROMIUM ?? places.find((path) => existsSync(path));
  if (!found) throw new Error("no Chromium found: set CHROMIUM to the path of one");
  return found;
}

/** The same browser as for the tests of the service. */
const GIVEN = JSON.parse(
  readFileSync(new URL("../../../tests/browser/chromium.json", import.meta.url), "utf8"),
);
// A browser takes the last list only: Playwright's own has to stand in ours again.
const OFF = `--disable-features=${Object.values(GIVEN.off).flat().join()}`;

export const launch = () =>
  chromium.launch({ executablePath: findChromium(), args: [...GIVEN.arguments, OFF] });
