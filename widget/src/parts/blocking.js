/**
 * Automatic blocking: a safety net under tags that nobody marked. An element that loads from a
 * declared host is given the mark that the site should have given it, and the gate does the rest:
 * holds it, shows the notice, starts it in its turn, takes it back. A request that is no element
 * fails, while its category is denied, as it would without a network.
 *
 * Where the browser's preload scanner saw an element first, a request may leave: no script can
 * prevent that. What it fetched does not run.
 *
 * @import { Part } from "../../types/parts.js"
 */

/** In a text of markup: the tag of what loads by itself, up to its address, and the address. */
const WRITTEN =
  /(<(?:script|iframe|img|video|link)\s[^<>]*?)(?:src|href)(\s*=\s*["']?)([^\s"'>]+)/gi;

/** One page view in so many tells the service what was caught in it. */
const SAMPLE = 8;

/** @param {string} name @param {string} host */
const within = (name, host) => `.${name}`.endsWith(`.${host}`);

/** What it loads by. @param {any} element */
const attribute = (element) => (element.localName === "link" ? "href" : "src");

/** Somebody may be waiting. @param {EventTarget} target */
const fail = (target) =>
  setTimeout(() => {
    for (const type of ["error", "loadend"]) target.dispatchEvent(new ProgressEvent(type));
  });

/**
 * Have native functions ask us first: what `stop` returns, unless it is nothing, is the answer.
 * A proxy keeps the function's name, length and text.
 *
 * @param {(self: any, values: any[]) => unknown} stop
 * @param {string} name
 * @param {...{ prototype?: any }} owners
 */
const wrap = (stop, name, ...owners) =>
  owners.forEach(({ prototype = window }) => {
    /** @type {any} */
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    const key = property.set ? "set" : "value";
    property[key] = new Proxy(property[key], {
      apply: (native, self, values) => stop(self, values) || Reflect.apply(native, self, values),
    });
    Object.defineProperty(prototype, name, property);
  });

/** @type {Part} */
export default (has, { hosts, api, lookers, report }) => {
  /** @type {Record<string, unknown>} */
  const told = {};
  const sampled = Math.random() * SAMPLE < 1;

  /** The declared host of an address, and what it needs: the first, so the narrower ones stand
   * first. None that the page's own host lies in, and never our own addresses.
   * @param {any} address @returns {string[]} */
  const declared = (address) => {
    const { hostname, href } = Object.assign(document.createElement("a"), { href: address });
    const found = hosts.find(
      ([host]) => within(hostname, host) && !within(location.hostname, host),
    );
    return (!href.startsWith(api) && found) || [];
  };

  /** What the host needs, if it is to be held: an element, which could be marked, until all that
   * the host is declared for is granted; a request of what already runs, until something is. It is
   * told once, by the name that is declared: what stands before it could name a visitor.
   * @param {any} address @param {string} kind @param {"some" | "every"} [needs] */
  const caught = (address, kind, needs = "some") => {
    const [host, categories] = declared(address);
    if (!host || categories.split(" ")[needs](has)) return;
    told[host + kind] ||= !sampled || setTimeout(report, 1000, host, kind);
    return categories;
  };

  /** Mark an element that is to load from `address`. Whether it may not now. What the site itself
   * marked is the gate's affair alone.
   * @param {any} element @param {any} address */
  const hold = (element, address) => {
    const { dataset, localName } = element;
    const [host, categories = "necessary"] = declared(address);
    if (!(element.consent ||= host && !dataset.consent)) return;
    dataset.consent = categories;
    dataset.consentSrc = address;
    return caught(address, localName, "every");
  };

  /** What the parser, or a text, put into the page. @param {any} element */
  const visit = (element) => {
    const name = attribute(element);
    const address = element.getAttribute?.(name);
    if (!address || !hold(element, address)) return;
    element.removeAttribute(name);
    // An iframe keeps on loading when it loses its address; taken out and put back, it does not.
    if (element.localName === "iframe") element.replaceWith(element);
  };

  /** @param {any} node */
  const visitAll = (node) => {
    visit(node);
    node.querySelectorAll?.("[src],link").forEach(visit);
  };

  /** @param {any} element @param {any[]} values */
  const assign = (element, [address]) => {
    if (!hold(element, address)) return;
    if (element.localName === "img") fail(element);
    return true;
  };

  /** @param {string} all @param {string} tag @param {string} equals @param {string} address */
  const marked = (all, tag, equals, address) => {
    const categories = caught(address, "write", "every");
    return categories
      ? `${tag}data-consent="${categories}" data-consent-src${equals}${address}`
      : all;
  };

  /** @param {unknown} _ @param {any[]} texts */
  const write = (_, texts) =>
    texts.forEach((text, index) => {
      // What is no string is trusted by another's policy, and not ours to change.
      texts[index] = text.replace?.(WRITTEN, marked) ?? text;
    });

  lookers.push(visitAll);
  visitAll(document);

  wrap(assign, "src", HTMLScriptElement, HTMLIFrameElement, HTMLImageElement, HTMLMediaElement);
  wrap(assign, "href", HTMLLinkElement);
  wrap(
    (element, [name, ...address]) =>
      String(name).toLowerCase() === attribute(element) && assign(element, address),
    "setAttribute",
    Element,
  );
  wrap(write, "innerHTML", Element);
  wrap(write, "insertAdjacentHTML", Element);
  wrap(write, "write", Document);
  wrap(write, "writeln", Document);
  wrap(
    (_, [request]) =>
      caught(request?.url ?? request, "fetch") && Promise.reject(new TypeError("Failed to fetch")),
    "fetch",
    {},
  );
  wrap((_, [address]) => !!caught(address, "beacon"), "sendBeacon", Navigator);
  wrap(
    (request, [, address]) => {
      if (!caught(address, "xhr")) return;
      request.send = () => {
        delete request.send;
        fail(request);
      };
    },
    "open",
    XMLHttpRequest,
  );
};
