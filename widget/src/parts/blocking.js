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

/** What loads by its `src`, or `href`. */
const CARRIERS = "script,iframe,img,video,link";

/** In a text of markup: a carrier's tag up to its address, and the address. */
const WRITTEN = new RegExp(
  `(<(?:${CARRIERS.replaceAll(",", "|")})\\s[^<>]*?)(?:src|href)(\\s*=\\s*["']?)([^\\s"'>]+)`,
  "gi",
);

/** One page view in so many tells the service what was caught in it. */
const SAMPLE = 8;

/** @param {string} name @param {string} host */
const within = (name, host) => `.${name}`.endsWith(`.${host}`);

/** @param {any} element */
const attribute = (element) => (element.localName === "link" ? "href" : "src");

/** Somebody may be waiting. @param {EventTarget} target */
const fail = (target) =>
  setTimeout(() => {
    for (const type of ["error", "loadend"]) target.dispatchEvent(new ProgressEvent(type));
  });

/**
 * Have a native function ask us first: what `stop` returns, unless it is nothing, is the answer.
 * A proxy keeps the function's name, length and text.
 *
 * @param {any} target
 * @param {string} name
 * @param {(self: any, values: any[]) => unknown} stop
 */
function wrap(target, name, stop) {
  /** @type {any} */
  const property = Object.getOwnPropertyDescriptor(target, name);
  const key = property.set ? "set" : "value";
  property[key] = new Proxy(property[key], {
    apply: (native, self, values) => stop(self, values) || Reflect.apply(native, self, values),
  });
  Object.defineProperty(target, name, property);
}

/** @type {Part} */
export default (has, { hosts, api }) => {
  const { fetch } = window;
  /** @type {Record<string, unknown>} */
  const told = {};
  const silent = Math.random() * SAMPLE > 1;

  /** The declared host of an address: the first, so the narrower ones stand first. None that the
   * page's own host lies in, and never our own addresses.
   * @param {any} address */
  const hostOf = (address) => {
    const { hostname, href } = Object.assign(document.createElement("a"), { href: address });
    return Object.keys(hosts).find(
      (host) => within(hostname, host) && !within(location.hostname, host) && !href.startsWith(api),
    );
  };

  /** The host, if it is to be held: an element, which could be marked, until all that the host is
   * declared for is granted; a request of what already runs, until something is. That it was held
   * is told once, by the name that is declared: what stands before it could name a visitor.
   * @param {any} address @param {string} kind @param {"some" | "every"} [needs] */
  const caught = (address, kind, needs = "some") => {
    const host = hostOf(address);
    if (!host || hosts[host].split(" ")[needs](has)) return;
    const body = JSON.stringify({ host, kind });
    told[body] ||= silent || setTimeout(send, 1000, body);
    return host;
  };

  /** @param {string} body */
  const send = (body) =>
    fetch(`${api}caught`, {
      method: "POST",
      body,
      headers: { "content-type": "text/plain" },
      credentials: "omit",
      referrerPolicy: "origin",
      keepalive: true,
      // If it is lost, another visit tells it.
    }).catch(() => {});

  /** Mark an element that is to load from `address`. Whether it may not now. What the site itself
   * marked is the gate's affair alone.
   * @param {any} element @param {any} address */
  const hold = (element, address) => {
    const { dataset, localName } = element;
    const host = hostOf(address);
    if (!(element.consent ||= host && !dataset.consent)) return;
    dataset.consent = host ? hosts[host] : "necessary";
    dataset.consentSrc = address;
    return caught(address, localName, "every");
  };

  /** What the parser, or a text, put into the page. @param {any} element */
  const visit = (element) => {
    const name = attribute(element);
    const address = element.getAttribute(name);
    if (!address || !hold(element, address)) return;
    element.removeAttribute(name);
    // An iframe keeps on loading when it loses its address; taken out and put back, it does not.
    if (element.localName === "iframe") element.replaceWith(element);
  };

  /** @param {any} element @param {any[]} address */
  const assign = (element, [address]) => {
    if (!element.matches(CARRIERS) || !hold(element, address)) return;
    if (element.localName === "img") fail(element);
    return true;
  };

  /** @param {string} all @param {string} tag @param {string} equals @param {string} address */
  const held = (all, tag, equals, address) => {
    const host = caught(address, "write", "every");
    return host ? `${tag}data-consent="${hosts[host]}" data-consent-src${equals}${address}` : all;
  };

  /** @param {unknown} _ @param {any[]} texts */
  const write = (_, texts) =>
    texts.forEach((text, index) => {
      // What is no string is trusted by another's policy, and not ours to change.
      texts[index] = text.replace?.(WRITTEN, held) ?? text;
    });

  /** @param {any} root */
  const visitAll = (root) => {
    if (root.matches?.(CARRIERS)) visit(root);
    root.querySelectorAll?.(CARRIERS).forEach(visit);
  };
  new MutationObserver((records) =>
    records.forEach(({ addedNodes }) => addedNodes.forEach(visitAll)),
  ).observe(document, { childList: true, subtree: true });
  visitAll(document);

  for (const { prototype } of [
    HTMLScriptElement,
    HTMLIFrameElement,
    HTMLImageElement,
    HTMLMediaElement,
  ])
    wrap(prototype, "src", assign);
  wrap(HTMLLinkElement.prototype, "href", assign);
  wrap(
    Element.prototype,
    "setAttribute",
    (element, [name, ...address]) =>
      String(name).toLowerCase() === attribute(element) && assign(element, address),
  );
  wrap(Element.prototype, "innerHTML", write);
  wrap(Element.prototype, "insertAdjacentHTML", write);
  wrap(Document.prototype, "write", write);
  wrap(Document.prototype, "writeln", write);
  wrap(
    window,
    "fetch",
    (_, [request]) =>
      caught(request?.url ?? request, "fetch") && Promise.reject(new TypeError("Failed to fetch")),
  );
  wrap(Navigator.prototype, "sendBeacon", (_, [address]) => !!caught(address, "beacon"));
  wrap(XMLHttpRequest.prototype, "open", (request, [, address]) => {
    if (!caught(address, "xhr")) return;
    request.send = () => {
      delete request.send;
      fail(request);
    };
  });
};
