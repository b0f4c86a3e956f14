// Chromium's own WebSocket, from a page of another origin.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";

import { launchBrowser } from "./browser.mjs";
import { startServer } from "./server.mjs";

test("Chromium talks to the echo server", { timeout: 60_000 }, async (t) => {
  const server = await startServer(t, "plimsoll-conformance", ["websocket", "--port", "0"]);
  const browser = await launchBrowser(t);
  const page = await browser.newPage();
  await page.goto(await emptyPage(t));

  const seen = await page.evaluate(
    (url) =>
      new Promise((resolve, reject) => {
        const seen = [];
        const socket = new WebSocket(url);
        socket.binaryType = "arraybuffer";
        socket.onopen = () => socket.send("héllo");
        socket.onerror = () => reject(new Error("the connection failed"));
        socket.onmessage = ({ data }) => {
          seen.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
          if (seen.length === 1) socket.send(new Uint8Array([0, 255]));
          else socket.close(4001, "going home");
        };
        socket.onclose = ({ code, reason, wasClean }) =>
          resolve([...seen, { code, reason, wasClean }]);
      }),
    `ws://${server.address}/ws`,
  );

  const close = { code: 4001, reason: "going home", wasClean: true };
  assert.deepEqual(seen, ["héllo", [0, 255], close]);
});

async function emptyPage(t) {
  const server = http.createServer((_, response) => response.end("<!doctype html>"));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${server.address().port}/`;
}
