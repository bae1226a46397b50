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

/** A boolean for each category to change; the others stay as they are. */
export type ConsentChoices = Partial<Record<Exclude<Category, "necessary">, boolean>>;

/** What the visitor's own proof says. */
export interface ConsentReceipt {
  /** A UUID: who has it can read the signed receipt at the service. */
  readonly id: string;
  /** When the choice was made, by this device's clock: RFC 3339, UTC. */
  readonly time: string;
  readonly choices: Readonly<Record<Category, boolean>>;
}

export interface ConsentApi {
  /** The number of the policy version that this banner is of. */
  readonly version: number;
  /** What is in force now. */
  get(): ConsentState;
  /** Whether one category is in force. An unknown name is never granted. */
  has(category: string): boolean;
  /**
   * Call `listener` at every such event; for `ready`, at once where that has passed.
   * Returns a function that ends it.
   */
  on(name: ConsentEventName, listener: (state: ConsentState) => void): () => void;
  /**
   * Resolves with the state as soon as the category is in force: at once, or after a choice. Never
   * rejects; where the visitor does not grant it, it stays pending.
   */
  when(category: Category): Promise<ConsentState>;
  /** Open the second layer: categories, cookies, receipt. */
  open(): void;
  /** Put both layers away for this page view. Grants nothing and stores nothing. */
  close(): void;
  /**
   * Record a choice that the visitor made at a control of the page's own: it holds at once and gets
   * a receipt, as from the banner. Categories that are not named stay as they are. Only ever call it
   * for what the visitor has just done.
   */
  set(choices: ConsentChoices): void;
  /**
   * The newest receipt: null before a choice, and on later pages after a refusal, when nothing that
   * identifies is kept.
   */
  receipt(): ConsentReceipt | null;
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
