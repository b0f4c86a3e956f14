// The published clients of Engine.IO in Chromium, from a page of another origin.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { launchBrowser } from "./browser.mjs";
import { cable } from "./chat.mjs";
import { echoServer, isUnknown, until } from "./engineio.mjs";

const CLIENTS = [
  ["engine.io-client 6", "engine.io-client/dist/engine.io.min.js"],
  ["engine.io-client 3.5", "engine.io-client-3/engine.io.js"],
];
const WAYS = [
  // The client of version 3 sends cookies by default, which a server for any origin must not take.
  ["polling", { transports: ["polling"], withCredentials: false }],
  ["websocket", { transports: ["websocket"] }],
  ["upgrade", { withCredentials: false }],
];

for (const [name, bundle] of CLIENTS) {
  test(`${name} in Chromium`, { timeout: 120_000 }, async (t) => {
    const server = await echoServer(t);
    const browser = await launchBrowser(t);
    const url = await pageWith(t, bundle);
    for (const [way, options] of WAYS) {
      const start = async (t, at = server) => {
        const page = await browser.newPage();
        t.after(() => page.close());
        await page.goto(url);
        await page.evaluate(connect, [`http://${at.address}`, options]);
        return page;
      };

      await t.test(`${way}: messages of all kinds come back`, async (t) => {
        const page = await start(t);
        const seen = await page.evaluate(converse, [`http://${server.address}`, options, 999_000]);
        assert.deepEqual(seen.messages, ["Grüße, 世界 👋", [0, 30, 255], 999_000, "last"]);
        assert.equal(seen.transport, way === "polling" ? "polling" : "websocket");
        assert.match(seen.reason, /forced close/);
      });

      await t.test(`${way}: many messages keep their order, on many connections`, async (t) => {
        const page = await start(t);
        const sent = [`http://${server.address}`, options, { sockets: 5, messages: 1000 }];
        assert.deepEqual(await page.evaluate(crowd, sent), Array(5).fill(true));
      });

      await t.test(`${way}: a client that was cut off may come back`, async (t) => {
        const cord = await cable(t, `http://${server.address}`);
        const page = await start(t, { address: new URL(cord.url).host });
        const cutting = setInterval(cord.cut, 10);
        const reason = await page.evaluate(() => window.ending);
        clearInterval(cutting);
        assert.match(reason, /transport (error|close)/);
        await page.evaluate(connect, [`http://${server.address}`, options]);
        assert.equal(await page.evaluate(ask, "after"), "after");
      });

      await t.test(`${way}: the session of a page that is closed ends`, async (t) => {
        const page = await start(t);
        assert.equal(await page.evaluate(ask, "before"), "before");
        const sid = await page.evaluate(() => window.socket.id);
        await page.close();
        await until(() => isUnknown(server, sid));
      });

      await t.test(`${way}: a server that shuts down closes its clients`, async (t) => {
        const own = await echoServer(t);
        const page = await start(t, own);
        assert.equal(await page.evaluate(ask, "before"), "before");
        await own.stop();
        assert.match(await page.evaluate(() => window.ending), /transport close/);
      });
    }
  });
}

test("engine.io-client 3.5 by scripts and forms in Chromium", { timeout: 60_000 }, async (t) => {
  const server = await echoServer(t);
  const page = await (await launchBrowser(t)).newPage();
  await page.goto(await pageWith(t, CLIENTS[1][1]));
  const options = { transports: ["polling"], forceJSONP: true };
  const seen = await page.evaluate(converse, [`http://${server.address}`, options, 100_000]);
  assert.deepEqual(seen.messages, ["Grüße, 世界 👋", [0, 30, 255], 100_000, "last"]);
});

/** Runs in the page: leaves an open connection in `window.socket`, and its end in `ending`. */
function connect([url, options]) {
  const socket = (window.socket = window.eio(url, options));
  window.ending = new Promise((resolve) => socket.on("close", resolve));
  return new Promise((resolve) => socket.on("open", resolve));
}

/** Runs in the page: sends, and resolves to what comes back. */
function ask(message) {
  const answer = new Promise((resolve) => window.socket.once("message", resolve));
  window.socket.send(message);
  return answer;
}

/** Runs in the page: resolves to whether the numbers that each connection sends come in order. */
function crowd([url, options, { sockets, messages }]) {
  const talk = () =>
    new Promise((resolve, reject) => {
      const socket = window.eio(url, { ...options, forceNew: true });
      const seen = [];
      socket.on("open", () => {
        for (let index = 0; index < messages; index++) socket.send(`${index}`);
      });
      socket.on("message", (message) => {
        if (seen.push(message) < messages) return;
        resolve(seen.every((message, index) => message === `${index}`));
        socket.close();
      });
      socket.on("error", reject);
      socket.on("close", (reason) => reject(new Error(`${reason} after ${seen.length} messages`)));
    });
  return Promise.all(Array.from({ length: sockets }, talk));
}

/** Runs in the page: sends, takes what comes back, and closes. */
function converse([url, options, size]) {
  return new Promise((resolve, reject) => {
    const messages = [];
    const queue = ["Grüße, 世界 👋", new Uint8Array([0, 30, 255]).buffer, "x".repeat(size), "last"];
    const socket = window.eio(url, options);
    let upgraded = options.transports !== undefined;
    socket.binaryType = "arraybuffer";
    const next = () => {
      if (queue.length) return socket.send(queue.shift());
      if (upgraded) socket.close();
    };
    socket.on("open", next);
    socket.on("upgrade", () => {
      upgraded = true;
      if (messages.length === 4) socket.close();
    });
    socket.on("message", (message) => {
      if (typeof message !== "string") messages.push([...new Uint8Array(message)]);
      else messages.push(message.length > 1000 ? message.length : message);
      next();
    });
    socket.on("error", (error) => reject(error));
    socket.on("close", (reason) => resolve({ messages, reason, transport: socket.transport.name }));
  });
}

/** A page with nothing but a script. */
async function pageWith(t, bundle) {
  const script = await readFile(fileURLToPath(new URL(`node_modules/${bundle}`, import.meta.url)));
  const server = http.createServer((request, response) => {
    if (request.url === "/client.js") return response.end(script);
    response.setHeader("Content-Type", "text/html").end("<!doctype html><script src=client.js></script>");
  });
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${server.address().port}/`;
}
