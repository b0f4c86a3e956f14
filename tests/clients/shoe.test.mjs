// The published client of shoe, with the client of SockJS that it brings along, in Chromium: a file
// is piped to the server, which sends it back as a stream of bytes.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { describe, test } from "node:test";

import { build } from "esbuild";

import { launchBrowser } from "./browser.mjs";
import { startServer } from "./server.mjs";

describe("shoe 0.0.15 in Chromium", { timeout: 120_000 }, () => {
  for (const [transport, missing] of [
    ["websocket", []],
    ["xhr-streaming", ["WebSocket"]],
  ]) {
    test(`a file goes both ways unchanged, ${transport}`, async (t) => {
      const origin = await pages(t);
      const server = await services(t);
      const page = await (await launchBrowser(t)).newPage();
      await page.addInitScript((names) => names.forEach((name) => delete window[name]), missing);
      await page.goto(origin);
      const seen = await page.evaluate(pipe, `http://${server.address}/stream`);
      assert.deepEqual(seen, { transport, length: FILE.length, hash: hash(FILE) });
    });
  }

  test("what ends at the server ends in the page", async (t) => {
    const origin = await pages(t);
    const server = await services(t);
    const page = await (await launchBrowser(t)).newPage();
    await page.goto(origin);
    const ended = page.evaluate(
      (url) => new Promise((resolve) => shoe(url).on("end", () => resolve("end"))),
      `http://${server.address}/close`,
    );
    assert.equal(await ended, "end");
  });
});

/** Runs in the page: sends the file in pieces, and hashes what comes back. */
async function pipe(url) {
  const stream = shoe(url);
  const file = (await fetch("/file")).body.pipeThrough(new TextDecoderStream()).getReader();
  const expected = Number((await fetch("/file", { method: "HEAD" })).headers.get("content-length"));
  const encoder = new TextEncoder();
  const received = [];
  let length = 0;
  const whole = new Promise((resolve, reject) => {
    stream.on("data", (text) => {
      received.push(text);
      length += encoder.encode(text).length;
      if (length >= expected) resolve();
    });
    stream.on("end", () => reject(new Error(`ended after ${length} bytes`)));
  });
  for (let piece; !(piece = await file.read()).done; ) stream.write(piece.value);
  await whole;
  const transport = stream.sock.protocol;
  stream.removeAllListeners("end");
  stream.end();
  const digest = await crypto.subtle.digest("SHA-256", encoder.encode(received.join("")));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"));
  return { transport, length, hash: hex.join("") };
}

function services(t) {
  return startServer(t, "plimsoll-conformance", ["sockjs", "--port", "0"]);
}

/** Serves a page with shoe, and the file; resolves to their origin. */
async function pages(t) {
  const script = await bundle();
  const answers = {
    "/": ["text/html; charset=utf-8", '<!doctype html><script src="/shoe.js"></script>'],
    "/file": ["text/plain; charset=utf-8", FILE],
    "/shoe.js": ["text/javascript; charset=utf-8", script],
  };
  const server = http.createServer((request, response) => {
    const [type, body] = answers[request.url] ?? ["text/plain", ""];
    response.setHeader("content-type", type).setHeader("content-length", Buffer.byteLength(body));
    response.end(request.method === "HEAD" ? undefined : body);
  });
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

/** A script for pages that makes `shoe` known. */
async function bundle() {
  const { outputFiles } = await build({
    stdin: { contents: 'window.shoe = require("shoe");', resolveDir: import.meta.dirname },
    alias: { stream: "stream-browserify" },
    bundle: true,
    define: { global: "window" },
    logLevel: "silent",
    mainFields: ["browserify", "browser", "main"],
    write: false,
  });
  return outputFiles[0].text;
}

function hash(text) {
  return createHash("sha256").update(text).digest("hex");
}

/** About a megabyte of text, which is all that shoe carries. */
const FILE = Buffer.from(
  Array.from({ length: 20_000 }, (_, line) => `${line}: Grüße, 世界 👋 "\\\t\u2028%41\n`).join(""),
);
