// The published client of SockJS in Chromium, over every transport that works there, from a page
// of another origin.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launchBrowser, screenshot } from "./browser.mjs";
import { startServer } from "./server.mjs";

const TRANSPORTS = [
  "websocket",
  "xhr-streaming",
  "eventsource",
  "iframe-eventsource",
  "iframe-htmlfile",
  "xhr-polling",
  "iframe-xhr-polling",
  "jsonp-polling",
];
const TEXTS = ["", "Grüße, 世界 👋", "%41 100% +&=", "</script><!-- <b>", "\u2028\u200d\ufeff\0\x1f", "x".repeat(9000)];

describe("sockjs-client 1.6 in Chromium", { timeout: 180_000 }, () => {
  test("every transport echoes and is told why it is closed", async (t) => {
    const origin = await pages(t);
    const server = await services(t, origin);
    const page = await (await launchBrowser(t)).newPage({ viewport: { width: 640, height: 480 } });
    await page.goto(origin);
    for (const transport of TRANSPORTS) {
      const url = `http://${server.address}`;
      const seen = await page.evaluate(talk, [url, transport, TEXTS]);
      assert.deepEqual(seen, { transport, echoes: TEXTS, close: [3000, "Go away!"] });
    }
    await screenshot(page, "sockjs", { animations: "disabled" });
  });

  test("htmlfile works from a page of the same origin", async (t) => {
    const origin = await pages(t);
    const server = await services(t, origin);
    const page = await (await launchBrowser(t)).newPage();
    await page.goto(`http://${server.address}/echo`);
    await page.addScriptTag({ url: `${origin}/sockjs.js` });
    const seen = await page.evaluate(talk, [`http://${server.address}`, "htmlfile", TEXTS]);
    assert.deepEqual(seen, { transport: "htmlfile", echoes: TEXTS, close: [3000, "Go away!"] });
  });

  test("a page chooses WebSocket, or the next best", async (t) => {
    const origin = await pages(t);
    const server = await services(t, origin);
    const page = await (await launchBrowser(t)).newPage();
    await page.goto(origin);
    const choose = (path) =>
      page.evaluate(
        (url) =>
          new Promise((resolve) => {
            const socket = new SockJS(url);
            socket.onopen = () => (resolve(socket.transport), socket.close());
            socket.onclose = ({ code, reason }) => resolve(`${code} ${reason}`);
          }),
        `http://${server.address}${path}`,
      );
    assert.equal(await choose("/echo"), "websocket");
    assert.equal(await choose("/disabled_websocket_echo"), "xhr-streaming");
    assert.equal(await choose("/cookie_needed_echo"), "websocket");
  });
});

describe("sockjs, Chromium's own EventSource and fetch", { timeout: 60_000 }, () => {
  test("a page of another origin needs no client", async (t) => {
    const origin = await pages(t);
    const server = await services(t, origin);
    const page = await (await launchBrowser(t)).newPage();
    await page.goto(origin);
    const echoes = await page.evaluate(listen, [`http://${server.address}/echo/000/page`, TEXTS]);
    assert.deepEqual(echoes, TEXTS);
  });
});

/** Runs in the page: sends `texts` one by one, and resolves to what the events bring. */
async function listen([url, texts]) {
  const events = new EventSource(`${url}/eventsource`);
  const event = () => new Promise((resolve) => (events.onmessage = ({ data }) => resolve(data)));
  if ((await event()) !== "o") throw new Error("not open");
  const echoes = [];
  for (const text of texts) {
    const answer = event();
    const body = JSON.stringify([text]);
    const sent = await fetch(`${url}/xhr_send`, { method: "POST", body });
    if (sent.status !== 204) throw new Error(`status ${sent.status}`);
    echoes.push(...JSON.parse(decodeURI(await answer).slice(1)));
  }
  events.close();
  return echoes;
}

/** Runs in the page: echoes `texts`, is closed, and writes down what it saw. */
async function talk([url, transport, texts]) {
  const echoes = [];
  const echo = new SockJS(`${url}/echo`, null, { transports: transport });
  await new Promise((resolve, reject) => {
    echo.onopen = () => texts.forEach((text) => echo.send(text));
    echo.onmessage = ({ data }) => echoes.push(data) === texts.length && resolve();
    echo.onclose = ({ code, reason }) => reject(new Error(`${transport}: ${code} ${reason}`));
  });
  const used = echo.transport;
  echo.onclose = null;
  echo.close();
  const closing = new SockJS(`${url}/close`, null, { transports: transport });
  const close = await new Promise((resolve) => {
    closing.onclose = ({ code, reason }) => resolve([code, reason]);
  });
  const cells = [used, `${echoes.length} of ${texts.length} messages`, close.join(" ")];
  const row = document.querySelector("table")?.insertRow();
  if (row) for (const cell of cells) row.insertCell().textContent = cell;
  return { transport: used, echoes, close };
}

function services(t, origin) {
  const args = ["sockjs", "--port", "0", "--sockjs-url", `${origin}/sockjs.js`];
  return startServer(t, "plimsoll-conformance", args);
}

/** Serves an empty page and the client's script; resolves to their origin. */
async function pages(t) {
  const path = new URL("./node_modules/sockjs-client/dist/sockjs.js", import.meta.url);
  const script = await readFile(fileURLToPath(path));
  const server = http.createServer((request, response) => {
    const isScript = request.url === "/sockjs.js";
    const type = isScript ? "text/javascript" : "text/html; charset=utf-8";
    response.setHeader("content-type", type).end(isScript ? script : PAGE);
  });
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

const PAGE = `<!doctype html>
<title>SockJS</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }
  table { border-collapse: collapse; }
  th, td { padding: 0.3rem 1.5rem 0.3rem 0; text-align: left; border-bottom: 1px solid #ccc; }
</style>
<h1>SockJS</h1>
<table><tr><th>Transport</th><th>Echo</th><th>Close</th></tr></table>
<script src="/sockjs.js"></script>`;
