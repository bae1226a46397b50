/** The widget's own words. What pages may use is in consent.d.ts. */

import type { Part } from "./parts.js";

export type Optional = "preferences" | "statistics" | "marketing";
export type Epochs = Record<Optional, number>;
export type Storage = "cookie" | "local_storage" | "session_storage" | "indexed_db" | "pixel";
export type Source = "banner" | "preferences" | "embed" | "api" | "signal";

/** One stored item, as visitors are told of it (R37). */
export interface Declaration {
  /** `*` in it stands for any characters. */
  name: string;
  category: Optional | "necessary";
  provider: string;
  purpose: string;
  storage: Storage;
  /** Ready to show, in the language. */
  duration: string;
  /** Ready to show, in the language. */
  country: string;
  domain: string;
  hosts: string[];
}

/** What raised a category's epoch to `epoch`. */
export interface PolicyChange {
  epoch: number;
  kind: string;
  name?: string;
  provider?: string;
}

export interface Colours {
  back: string;
  ink: string;
  act: string;
}

export interface Theme {
  layout: "bar" | "card" | "centred";
  scheme: "auto" | "light" | "dark";
  light: Colours;
  dark: Colours;
  radius: number;
  button: "none" | "start" | "end";
}

/** What the service knows of one policy version, from which it fills the free names below. */
export interface Config {
  site: string;
  version: number;
  language: string;
  direction: "ltr" | "rtl";
  languages: string[];
  epochs: Epochs;
  days: { granted: number; refused: number };
  /** The domain that the choice holds for; empty for the page's own host alone. */
  domain: string;
  controller: string;
  texts: Record<string, string>;
  categories: { id: Optional | "necessary"; title: string; text: string }[];
  declarations: Declaration[];
  changes: Partial<Record<Optional, PolicyChange[]>>;
  /** By host: the categories of its declarations. */
  hosts: Record<string, string>;
  theme: Theme;
  withdrawal: { reload: "auto" | "offer"; hook: string };
  notice: { version: number; text: string } | null;
}

/** A line that tells what changed: the category's place, the epoch since which, the text. */
export type Change = [place: number, epoch: number, line: string];

/** What the ask-again rule needs to know of a stored choice. */
export interface Answer {
  /** Days since 1970-01-01, UTC. */
  day: number;
  /** The set of granted categories: preferences 1, statistics 2, marketing 4. */
  granted: number;
  /** The epochs that were answered, in the order of the product. */
  answered: number[];
}

/** What the choice cookie says. */
export interface StoredChoice extends Answer {
  /** The cookie's name and value, but for the mark that a receipt is pending. */
  written: string;
  /** The policy version that was answered, or told of since. */
  version: number;
  /** The receipt's id; null if and only if nothing is granted (R32). */
  id: string | null;
  /** Whether marketing was switched on while the browser sent its signal (R7). */
  despite: boolean;
  /** Whether the grant's receipt is not stored yet (R47). */
  pending: boolean;
}

/** Two sets of categories: what to ask about, which may be nothing, and what may run. */
export type Verdict = [about: number, inForce: number];

/** A boolean for every category. */
export type Choices = { necessary: true } & Record<Optional, boolean>;

/** One choice, as it is posted. Never an address, a path or anything about the person (R46). */
export interface Receipt {
  id: string;
  version: number;
  language: string;
  artifact: string;
  action: "accept_all" | "reject_all" | "custom" | "withdraw";
  source: Source;
  layer: 1 | 2;
  viewport: "narrow" | "medium" | "wide";
  choices: Choices;
  gpc: boolean;
  previous: string | null;
}

/** What the service answers when it has stored a receipt. */
export interface Recorded {
  id: string;
  receipt: string;
  recorded_at: string;
}

/** The receipt made in this page, and when the service stored it. */
export type Made = Receipt & { recorded_at?: string };

/** What settings.js takes from the core (src/open.js gives it, src/settings/kit.js takes it). */
export type Kit = [
  ready: (settings: Settings) => void,
  version: number,
  categories: [title: string, text: string][],
  h: typeof import("../src/ui/h.js").h,
  button: typeof import("../src/ui/parts.js").button,
  link: typeof import("../src/ui/parts.js").link,
  announce: typeof import("../src/ui/stage.js").announce,
  enter: typeof import("../src/ui/stage.js").enter,
  leave: typeof import("../src/ui/stage.js").leave,
  dress: typeof import("../src/ui/dress.js").dress,
  choose: typeof import("../src/choose.js").choose,
  /** Nothing where the service has set the cookie: it lasts longer than what a script sets. */
  write: typeof import("../src/memory.js").write | "" | false,
  /** Reads the choice again, and tells it. */
  now: () => [
    stored: StoredChoice | null,
    about: number,
    inForce: number,
    made: Made | undefined,
  ],
];

/** What settings.js gives the core. */
export interface Settings {
  /** Layer two. */
  show(): void;
  hide(): void;
  /** Draws the notice in a held iframe; `load` loads that one. */
  hold(frame: HTMLIFrameElement, address: string, load: () => void): void;
  /** Fills an element of the page with the declaration. */
  declare(target: HTMLElement): void;
  /** Tells what changed without asking again. */
  notice(): void;
  /** Offers to load the page anew. */
  offer(): void;
  /** What layer one tells of changes. */
  news(): Node[];
}

/** What a site may have or not, with more in its hands than a part. Called once, at the start. */
export type Extra = (
  has: (category: string) => boolean,
  /** Called after every change; the reload waits a moment for what they return. */
  tellers: (() => unknown)[],
  open: () => void,
  h: typeof import("../src/ui/h.js").h,
  enter: typeof import("../src/ui/stage.js").enter,
) => void;

/** Loads the file in the page's language instead, or goes on. */
export type OtherLanguage = (
  languages: string[],
  tag: HTMLScriptElement | null,
  load: (address: string, failed: () => void) => void,
  otherwise: () => void,
) => void;

type Text = string;

declare global {
  // Free names: the service puts a literal in place of each, in banner.js and in settings.js.
  const __SITE__: string;
  const __VERSION__: number;
  const __LANGUAGE__: string;
  const __DIRECTION__: "ltr" | "rtl";
  /** 16 hex digits that name these exact bytes to the service. */
  const __TAG__: string;
  /** Of the optional categories, in the order of the product. */
  const __EPOCHS__: number[];
  /** How long a choice stands. */
  const __GRANTED_DAYS__: number;
  const __REFUSED_DAYS__: number;
  const __DOMAIN__: string;
  /** In the order of the product. */
  const __CATEGORIES__: [title: string, text: string][];
  /** For each category the names of declared cookies. */
  const __DECLARED__: (RegExp | 0)[];
  /** The same of local and session storage, databases. */
  const __STORAGES__: (RegExp | 0)[][];
  /** By host. */
  const __PROVIDERS__: Record<string, string>;
  /** Narrower ones first. */
  const __HOSTS__: [host: string, categories: string][];
  const __CHANGES__: Change[];
  /** Whether there are some. */
  const __CHANGED__: boolean;
  const __PARTS__: Part[];
  const __EXTRAS__: Extra[];
  /** Whether the page is loaded anew by itself where withdrawn code runs. */
  const __RELOAD__: boolean;
  /** The site's own path that is told of a withdrawal. */
  const __HOOK__: string;
  /** On which side the button stands that opens the settings. */
  const __BUTTON__: "start" | "end";
  /** The version whose note is told to who answered an earlier one; 0 for none. */
  const __NOTICED__: number;
  const __notice__: Text;
  const __offer__: Text;
  const __reload__: Text;
  const __on__: Text;
  const __off__: Text;
  /** 0 where the site has one language. */
  const __OTHER_LANGUAGE__: OtherLanguage | 0;
  /** This file's own comes first. */
  const __LANGUAGES__: string[];
  const __CSS__: string;
  /** The SHA-256 of settings.js, base64url. */
  const __SETTINGS__: string;
  /** For each category the summary, then each item: name, provider, purpose, time, kind. */
  const __ITEMS__: [summary: string, ...items: string[][]][];
  const __title__: Text;
  const __intro__: Text;
  const __who__: Text;
  const __free__: Text;
  const __accept__: Text;
  const __reject__: Text;
  const __choose__: Text;
  const __yes__: Text;
  const __no__: Text;
  const __save__: Text;
  const __close__: Text;
  const __settings__: Text;
  const __list__: Text;
  const __privacy__: Text;
  const __changed__: Text;
  const __rest__: Text;
  const __failed__: Text;
  const __gpc__: Text;
  const __gpc_off__: Text;
  const __always__: Text;
  const __name__: Text;
  const __provider__: Text;
  const __purpose__: Text;
  const __duration__: Text;
  const __kind__: Text;
  const __saved__: Text;
  const __receipt__: Text;
  const __granted__: Text;
  const __copy__: Text;
  const __copied__: Text;
  const __download__: Text;
  const __verify__: Text;
  const __waiting__: Text;
  const __erase__: Text;
  const __erase_told__: Text;
  const __erase_now__: Text;
  const __erased__: Text;
  const __unerased__: Text;
  const __held__: Text;
  const __load__: Text;

  interface Document {
    readonly prerendering?: boolean;
  }

  interface Navigator {
    readonly globalPrivacyControl?: boolean;
  }

  interface Window {
    readonly trustedTypes?: {
      createPolicy(
        name: string,
        rules: { createScript(text: string): string; createScriptURL(url: string): string },
      ): { createScript(text: string): string; createScriptURL(url: string): string };
    };
  }
}
