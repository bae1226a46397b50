/** The widget's own words. What pages may use is in consent.d.ts. */

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
  country: string;
  domain: string;
  hosts: string[];
}

/** What raised a category's epoch to `epoch`. */
export interface Change {
  epoch: number;
  kind: "added" | "longer" | "moved" | "provider" | "country" | "purpose" | "text" | "controller";
  name?: string;
  provider?: string;
}

/** What the service writes into the script in place of `__CONFIG__`. */
export interface Config {
  site: string;
  version: number;
  language: string;
  direction: "ltr" | "rtl";
  languages: string[];
  /** 16 hex digits that name these exact bytes to the service. */
  artifact: string;
  epochs: Epochs;
  days: Days;
  /** The domain that the choice holds for; empty for the page's own host alone. */
  domain: string;
  controller: string;
  texts: Record<string, string>;
  categories: { id: Optional | "necessary"; title: string; text: string }[];
  declarations: Declaration[];
  changes: Partial<Record<Optional, Change[]>>;
  links: { cookies: string; privacy: string; verify: string };
}

/** How long a choice stands, in days. */
export interface Days {
  granted: number;
  refused: number;
}

/** What the ask-again rule needs to know of a stored choice. */
export interface Answer {
  /** Days since 1970-01-01, UTC. */
  day: number;
  /** The set of granted categories: preferences 1, statistics 2, marketing 4. */
  granted: number;
  /** The epochs that were answered, in the order of the product. */
  epochs: number[];
}

/** What the choice cookie says. */
export interface StoredChoice extends Answer {
  /** The cookie's name and value, but for the mark that a receipt is pending. */
  text: string;
  /** The receipt's id; null if and only if nothing is granted (R32). */
  id: string | null;
  /** Whether marketing was switched on while the browser sent its signal (R7). */
  despite: boolean;
  /** Whether the grant's receipt is not stored yet (R47). */
  pending: boolean;
}

/** Two sets of categories. There is something to ask if and only if `about` is not empty. */
export interface Verdict {
  about: number;
  inForce: number;
}

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

declare global {
  /** Replaced by the service with one site's configuration. */
  const __CONFIG__: Config;

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
