/**
 * Three origins for the browser tests: the page's, the service's and a third party's. Each keeps
 * a list of what it was asked.
 *
 * Run by itself it serves a page to look at: `node test/harness.mjs`.
 *
 * @import { IncomingMessage, ServerResponse } from "node:http"
 * @import { Config } from "../types/internal.js"
 */
import { createServer } from "node:http";
import { compose, makeConfig } from "./fixture.mjs";

/** @typedef {{ method: string, url: string, headers: IncomingMessage["headers"], body: string }} Asked */

/** @param {(request: Asked, response: ServerResponse) => void} answer */
async function listen(answer) {
  /** @type {Asked[]} */
  const asked = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { method = "", url = "", headers } = request;
    const seen = { method, url, headers, body };
    if (url !== "/favicon.ico") asked.push(seen);
    answer(seen, response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("no port");
  return { asked, port: address.port, close: () => server.close() };
}

/** A page of the shop: `{service}` and `{third}` in `body` become the other two origins.
 * @param {string} body */
export const page = (body, head = "", language = "en") =>
  `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>Tea</title>` +
  `<meta name="viewport" content="width=device-width">${head}</head><body>${body}</body></html>`;

export const TAG = `<script async src="{service}/v1/sites/shop/banner.js"></script>`;

export const TEXT = `<main><h1>Tea</h1><p>${"Tea is a drink made from leaves. ".repeat(60)}</p>
<p><a id="first" href="#one">One</a> <a data-consent-open href="#settings">Cookie settings</a></p>
<p>${"Some like it with milk. ".repeat(200)}</p><p><a id="last" href="#two">Two</a></p></main>`;

export async function start() {
  const state = {
    /** What the service answers to a receipt: a status, or "drop" for no answer at all.
     * @type {number | "drop"} */
    answer: 201,
    /** And to an erasure. @type {number | "drop"} */
    erasure: 200,
    /** Milliseconds until the site has heard of a withdrawal. */
    slow: 0,
    /** @type {Partial<Config>} */
    config: {},
    /** Names of built parts. @type {string[]} */
    parts: [],
    /** By path. @type {Record<string, string>} */
    pages: { "/": page(TAG + TEXT) },
    /** @type {Record<string, string>} */
    headers: {},
  };
  const service = await listen(({ method, url, headers, body }, response) => {
    const { origin = "" } = headers;
    // As the service does: pages that may share a cookie with it may send that along.
    const near = origin.startsWith("http://127.0.0.1:");
    response.setHeader("access-control-allow-origin", near ? origin : "*");
    if (near) response.setHeader("access-control-allow-credentials", "true");
    const { pathname, searchParams } = new URL(url, "http://service");
    const language = searchParams.get("lang") ?? "en";
    const files = ["en", "sv"].map((each) => {
      const config = makeConfig({ language: each, ...state.config });
      const { banner, settings, hash } = compose(config, { parts: state.parts });
      /** @type {Record<string, string>} */
      const own = { [`/banner/${hash}.js`]: settings };
      return each === language ? { ...own, "/banner.js": banner } : own;
    });
    const script = Object.assign({}, ...files)[pathname.replace("/v1/sites/shop", "")];
    if (script) {
      response.setHeader("content-type", "text/javascript; charset=utf-8");
      return response.end(script);
    }
    if (method !== "POST") return response.end("A page of the service.");
    const erasure = pathname.endsWith("/erasure");
    const answer = erasure ? state.erasure : state.answer;
    if (answer === "drop") return response.destroy();
    response.statusCode = answer;
    if (erasure) return response.end("{}");
    const { id } = JSON.parse(body);
    return response.end(
      JSON.stringify({ id, receipt: "e.y.J", recorded_at: "2026-11-22T18:00:00Z" }),
    );
  });
  const third = await listen(({ url }, response) => {
    // A module script from another origin needs it.
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("content-type", url.includes(".js") ? "text/javascript" : "text/html");
    const name = new URL(url, "http://third").searchParams.get("name");
    response.end(
      url.includes(".js") ? `(window.ran ??= []).push(${JSON.stringify(name)})` : "<p>Hi",
    );
  });
  const serviceUrl = `http://127.0.0.1:${service.port}`;
  const thirdUrl = `http://127.0.0.1:${third.port}`;
  const site = await listen(({ url }, response) => {
    for (const [name, value] of Object.entries(state.headers)) {
      response.setHeader(
        name,
        value.replaceAll("{service}", serviceUrl).replaceAll("{third}", thirdUrl),
      );
    }
    response.setHeader("content-type", "text/html; charset=utf-8");
    if (url === "/withdrawn") {
      response.setHeader("set-cookie", "c_server=; Max-Age=0; Path=/; HttpOnly");
      setTimeout(() => response.end(), state.slow);
      return;
    }
    const html = state.pages[url.split("?")[0]] ?? page("Not found");
    response.end(html.replaceAll("{service}", serviceUrl).replaceAll("{third}", thirdUrl));
  });
  return {
    state,
    service,
    third,
    site,
    serviceUrl,
    thirdUrl,
    url: `http://localhost:${site.port}`,
    receipts: () =>
      service.asked
        .filter(({ method, url }) => method === "POST" && !url.endsWith("/erasure"))
        .map(({ body }) => JSON.parse(body)),
    erasures: () => service.asked.filter(({ url }) => url.endsWith("/erasure")),
    close: () => [site, service, third].forEach((server) => server.close()),
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { url } = await start();
  console.log(url);
}
