/** The browser that is installed: `CHROMIUM` names it, else the usual places are tried. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FOLDERS = (process.env.PATH ?? "").split(":");

export function findChromium() {
  const places = FOLDERS.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`));
  const found = process.env.CHROMIUM ?? places.find((path) => existsSync(path));
  if (!found) throw new Error("no Chromium found: set CHROMIUM to the path of one");
  return found;
}

export const launch = () =>
  chromium.launch({
    executablePath: findChromium(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
