// Libraries that Primus has generated, in Chromium, each over its transport of one server; from a
// page of the same origin, and of another.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import Primus from "primus";

import { launchBrowser } from "./browser.mjs";
import { startServer } from "./server.mjs";

const TRANSFORMERS = ["websockets", "engine.io", "sockjs"];
const CASES = [
  ["websockets", "json"],
  ["websockets", "msgpack"],
  ["websockets", "binary"],
  ["engine.io", "json"],
  ["engine.io", "msgpack"],
  ["sockjs", "json"],
];

describe("primus 8.0 in Chromium", { timeout: 120_000 }, () => {
  for (const [transformer, parser] of CASES) {
    test(`${transformer} carries ${parser}, comes back, stays away, and is turned away`, async (t) => {
      const file = await save(t, transformer, parser);
      const server = await serve(t, parser, file);
      const browser = await launchBrowser(t);
      for (const origin of [`http://${server.address}`, await emptyPages(t)]) {
        const page = await browser.newPage();
        await page.goto(`${origin}/nothrow`);
        await page.addScriptTag({ url: `http://${server.address}/primus/primus.js` });
        const seen = await page.evaluate(talk, [`http://${server.address}`, VALUES]);
        assert.deepEqual(seen.echoes, VALUES, origin);
        assert.match(seen.id, /^[\w-]{20,}$/);
        assert.equal(seen.reconnected, 2);
        assert.deepEqual(seen.ending, ["open", "close", "end"]);
        assert.deepEqual(seen.refusal, ["end"]);
      }
    });
  }
});

/** Runs in the page. */
async function talk([url, values]) {
  const reconnect = { min: 10, max: 100 };
  const open = (query, options) => new window.Primus(url + query, { reconnect, ...options });
  const event = (client, name) => new Promise((resolve) => client.once(name, resolve));

  const client = open("");
  const echoes = [];
  const echoed = new Promise((resolve) =>
    client.on("data", (value) => echoes.push(value) === values.length && resolve()),
  );
  for (const echo of values) client.write({ echo });
  await echoed;
  const id = await new Promise((resolve) => client.id(resolve));
  client.end();

  const returning = open("?reconnect=1");
  let reconnected = 0;
  while (reconnected < 2) {
    await event(returning, "reconnected");
    reconnected++;
  }
  returning.end();

  const leaving = open("?end=1");
  const ending = [];
  for (const name of ["open", "close", "end"]) leaving.on(name, () => ending.push(name));
  await event(leaving, "end");

  // Over Engine.IO, Chromium would ask its user for a password before it tells the page.
  const refused = open("?deny=1", { strategy: false, timeout: 1_000 });
  const refusal = [];
  for (const name of ["open", "end"]) refused.on(name, () => refusal.push(name));
  await event(refused, "end");
  return { echoes, id, reconnected, ending, refusal };
}

/** Has Primus write its library to a file. */
async function save(t, transformer, parser) {
  const folder = await mkdtemp(join(tmpdir(), "primus-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "primus.js");
  const primus = new Primus(createServer(), { transformer, parser, pingInterval: 30_000 });
  primus.save(file);
  primus.destroy({ close: false });
  return file;
}

function serve(t, parser, library) {
  const usable = TRANSFORMERS.filter((name) => name !== "sockjs" || parser === "json");
  const names = usable.flatMap((name) => ["--transformer", name]);
  const options = ["--parser", parser, "--library", library];
  return startServer(t, "plimsoll-conformance", ["primus", "--port", "0", ...names, ...options]);
}

/** Serves empty pages; resolves with their origin. */
async function emptyPages(t) {
  const server = createServer((_, response) => response.end("<!doctype html>")).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

const VALUES = [
  null,
  true,
  0,
  -1,
  1.5,
  "",
  "é and \u2028",
  "x".repeat(100_000),
  [1, "two", [3]],
  { "": 0, a: { b: { c: [] } } },
];
