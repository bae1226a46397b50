/**
 * A part: code that is in a site's banner only if the policy asks for it. Each file of
 * src/parts/ is built into one function expression of this type.
 *
 * It is called once, when the choice has been read and before the gate opens anything; it tells
 * what it has to tell then. What it returns is called after every change.
 */
export type Part = (has: Has, config: PartConfig) => (() => void) | void;

/** Whether a category is in force now. */
export type Has = (category: string) => boolean;

export interface PartConfig {
  /** What is in force now, as a set (as in the choice cookie) and category by category. */
  now(): [set: number, choices: Record<string, boolean>];
  /** Declared hosts, narrower ones first, each with the categories that it needs, as in a tag. */
  hosts: [host: string, categories: string][];
  /** Where this site's banner and receipts are; ends in a slash. */
  api: string;
  /** Who is added here is shown whatever is inserted into the page, before the gate looks. */
  lookers: ((node: Node) => void)[];
  /** Tells the service that something of a declared host was caught. */
  report(host: string, kind: string): unknown;
}

declare global {
  /** What the service writes into the inline stub: the present epochs. */
  const __PREFERENCES__: number;
  const __STATISTICS__: number;
  const __MARKETING__: number;
  /** Whom a stub tells: the build makes one for each (src/stub.js). */
  const GOOGLE: boolean;
  const ADVANCED: boolean;
  const UET: boolean;

  interface Window {
    dataLayer?: unknown[];
    uetq?: { push(...values: unknown[]): unknown };
    _paq?: { push(...values: unknown[]): unknown };
    clarity?: any;
    fbq?: (...values: unknown[]) => void;
    pintrk?: (...values: unknown[]) => void;
    rdt?: (...values: unknown[]) => void;
    ttq?: unknown[] & Record<string, (() => void) | undefined>;
    posthog?: any;
    Shopify?: any;
    wp_consent_type?: string;
    wp_has_consent?: (category: string) => boolean;
    wp_set_consent?: (category: string, value: "allow" | "deny") => void;
  }
}
