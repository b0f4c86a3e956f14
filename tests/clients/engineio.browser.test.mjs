// The published clients of Engine.IO in Chromium, from a page of another origin.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { launchBrowser } from "./browser.mjs";
import { startServer } from "./server.mjs";

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
  test(`${name} in Chromium`, { timeout: 60_000 }, async (t) => {
    const server = await startServer(t, "plimsoll-conformance", ["engineio", "--port", "0"]);
    const page = await (await launchBrowser(t)).newPage();
    await page.goto(await pageWith(t, bundle));
    for (const [way, options] of WAYS) {
      await t.test(way, async () => {
        const seen = await page.evaluate(converse, [`http://${server.address}`, options]);
        assert.deepEqual(seen.messages, ["Grüße, 世界 👋", [0, 30, 255], 500_000, "last"]);
        assert.equal(seen.transport, way === "polling" ? "polling" : "websocket");
        assert.match(seen.reason, /forced close/);
      });
    }
  });
}

test("engine.io-client 3.5 by scripts and forms in Chromium", { timeout: 60_000 }, async (t) => {
  const server = await startServer(t, "plimsoll-conformance", ["engineio", "--port", "0"]);
  const page = await (await launchBrowser(t)).newPage();
  await page.goto(await pageWith(t, CLIENTS[1][1]));
  const options = { transports: ["polling"], forceJSONP: true };
  const seen = await page.evaluate(converse, [`http://${server.address}`, options]);
  assert.deepEqual(seen.messages, ["Grüße, 世界 👋", [0, 30, 255], 500_000, "last"]);
});

/** Runs in the page: sends, takes what comes back, and closes. */
function converse([url, options]) {
  return new Promise((resolve, reject) => {
    const messages = [];
    const queue = ["Grüße, 世界 👋", new Uint8Array([0, 30, 255]).buffer, "x".repeat(500_000), "last"];
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
