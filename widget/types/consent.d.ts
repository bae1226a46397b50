/**
 * What a page can ask of the banner: `window.consent`, and three events on `document`.
 *
 * Usable before the script has loaded:
 *
 *     window.consent = window.consent || [];
 *     window.consent.push((consent) => consent.on("change", (state) => { ... }));
 *
 * Functions pushed earlier run once the banner has read the choice; later ones run at once.
 */

/** A group of purposes that the visitor grants or denies as one. */
export type Category = "necessary" | "preferences" | "statistics" | "marketing";

/** What is in force in this browser, now. */
export interface ConsentState {
  /** Always true. */
  readonly necessary: true;
  readonly preferences: boolean;
  readonly statistics: boolean;
  readonly marketing: boolean;
  /** Whether the visitor has answered everything that is asked today. */
  readonly decided: boolean;
  /** The receipt's id (a UUID); null where nothing was ever granted, and after a refusal. */
  readonly id: string | null;
}

/** `ready`: the choice was read. `change`: the visitor chose. `ask`: layer one is shown. */
export type ConsentEventName = "ready" | "change" | "ask";

export type ConsentCommand = (consent: ConsentApi) => void;

export interface ConsentApi {
  /** What is in force now. */
  get(): ConsentState;
  /** Whether one category is in force. An unknown name is never granted. */
  has(category: string): boolean;
  /**
   * Call `listener` at every such event; for `ready`, at once where that has passed.
   * Returns a function that ends it.
   */
  on(name: ConsentEventName, listener: (state: ConsentState) => void): () => void;
  /** Open the second layer: categories, cookies, receipt. */
  open(): void;
  /** Put both layers away for this page view. Grants nothing and stores nothing. */
  close(): void;
  /** Deny all three optional categories: recorded, cleared, and, if tags ran, reloaded. */
  withdraw(): void;
  /** Run `command` now: the queue's other end. */
  push(...commands: ConsentCommand[]): void;
}

declare global {
  interface Window {
    consent?: ConsentApi | ConsentCommand[];
  }
  interface DocumentEventMap {
    "consent:ready": CustomEvent<ConsentState>;
    "consent:change": CustomEvent<ConsentState>;
    "consent:ask": CustomEvent<ConsentState>;
  }
}
