// What one Plimsoll server has at the path of Primus, for clients of all its transports.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";

import WebSocket from "ws";

import { VALUES, echoed, open, receive, serve } from "./primus.mjs";

describe("primus 8.0, one path for all", { timeout: 30_000 }, () => {
  const ALL = ["websockets", "engine.io", "sockjs"];

  test("clients of three transports hear each other", async (t) => {
    const server = await serve(t, ALL);
    const clients = ALL.map((transformer) => open(t, server, { transformer }));
    for (const client of clients) assert.deepEqual(await echoed(client, ["aboard"]), ["aboard"]);
    const received = clients.map((client) => receive(client, 1));
    clients[0].write({ broadcast: "all hands" });
    assert.deepEqual(await Promise.all(received), [["all hands"], ["all hands"], ["all hands"]]);
  });

  test("engine.io polls where it is told to", async (t) => {
    const server = await serve(t, ALL);
    const options = { websockets: false };
    const client = open(t, server, { transformer: "engine.io", options });
    assert.deepEqual(await echoed(client, VALUES), VALUES);
    assert.equal(client.socket.transport.name, "polling");
  });

  for (const transport of ["xhr-streaming", "xhr-polling"]) {
    test(`sockjs takes ${transport} where it is told to`, async (t) => {
      const server = await serve(t, ALL);
      const options = { transport: { transports: [transport] } };
      const client = open(t, server, { transformer: "sockjs", options });
      assert.deepEqual(await echoed(client, VALUES), VALUES);
      assert.equal(client.socket.transport, transport);
    });
  }

  test("the specification is that of Primus, and names all transports", async (t) => {
    const server = await serve(t, ALL);
    const response = await fetch(`http://${server.address}/primus/spec`);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.deepEqual(await response.json(), {
      pingInterval: 30000,
      pathname: "/primus",
      version: "8.0.9",
      parser: "json",
      transformer: "websockets",
      transformers: ALL,
    });
  });

  test("other paths are as they were", async (t) => {
    const server = await serve(t, ALL);
    const text = async (path) => (await fetch(`http://${server.address}${path}`)).text();
    assert.equal(await text("/nothrow"), "original listener");
    assert.equal(await text("/primusfoo"), "not found");
    const plain = await fetch(`http://${server.address}/primus`);
    assert.deepEqual([plain.status, plain.headers.get("upgrade")], [426, "websocket"]);
  });

  test("a refusal has its status, its challenge, and its reason as JSON", async (t) => {
    const server = await serve(t, ALL);
    const upgrade = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": 13,
      "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    };
    for (const [method, path, headers] of [
      ["GET", "/primus?deny=1", upgrade],
      ["GET", "/primus/?EIO=4&transport=polling&deny=1", {}],
      ["GET", "/primus/?EIO=4&transport=websocket&deny=1", upgrade],
      ["POST", "/primus/000/abcdefgh/xhr?deny=1", {}],
      ["GET", "/primus/000/abcdefgh/websocket?deny=1", upgrade],
    ]) {
      const { response, body } = await ask(server, method, path, headers);
      assert.equal(response.statusCode, 401, path);
      assert.equal(response.headers["www-authenticate"], 'Basic realm="ship"', path);
      assert.equal(response.headers["content-type"], "application/json", path);
      assert.deepEqual(JSON.parse(body), { error: "unauthorized" }, path);
    }
  });

  test("a page that may connect may read, with its cookies", async (t) => {
    const server = await serve(t, ALL);
    const origin = "http://harbour.example";
    for (const path of ["/spec", "?EIO=4&transport=polling", "/info", "/nowhere/at/all"]) {
      const { response } = await ask(server, "GET", `/primus${path}`, { Origin: origin });
      assert.equal(response.headers["access-control-allow-origin"], origin, path);
      assert.equal(response.headers["access-control-allow-credentials"], "true", path);
      assert.match(response.headers.vary, /\borigin\b/i, path);
    }
    const { response } = await ask(server, "OPTIONS", "/primus/000/abcdefgh/xhr", {
      Origin: origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "x-ship",
    });
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers["access-control-allow-origin"], origin);
    assert.equal(response.headers["access-control-allow-headers"], "x-ship");
    assert.match(response.headers["access-control-allow-methods"], /\bPOST\b/);
    assert.equal(response.headers["access-control-max-age"], "2592000");
  });

  test("a library that Primus has saved is served, and works", async (t) => {
    // Below this folder, where it finds the package `ws`.
    const folder = await mkdtemp(join(import.meta.dirname, "node_modules", ".primus-"));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, "primus.js");
    await promisify(execFile)("node", ["-e", SAVE, file], { cwd: import.meta.dirname });
    const server = await serve(t, ALL, ["--library", file]);
    const url = `http://${server.address}/primus/primus.js`;
    const response = await fetch(url);
    assert.equal(response.headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.equal(await response.text(), await readFile(file, "utf8"));
    const headers = { "If-None-Match": response.headers.get("etag") };
    assert.equal((await fetch(url, { headers })).status, 304);

    const Saved = createRequire(import.meta.url)(file);
    const client = new Saved(`http://${server.address}`);
    t.after(() => client.destroy());
    assert.deepEqual(await echoed(client, [1]), [1]);
  });

  test("a client that only sends is alive, one that is silent is not", async (t) => {
    const server = await serve(t, ALL, ["--ping-interval", "300"]);
    const connect = () => {
      const socket = new WebSocket(`ws://${server.address}/primus`);
      t.after(() => socket.terminate());
      return socket;
    };
    const [talker, mute] = [connect(), connect()];
    let pings = 0;
    const closed = new Promise((resolve) => mute.on("close", (code) => resolve(code)));
    const outlived = new Promise((resolve, reject) => {
      talker.on("close", () => reject(new Error("closed though it sent")));
      talker.on("message", (data) => {
        if (!`${data}`.startsWith('"primus::ping::')) return;
        talker.send('"not a pong"');
        if (++pings === 5) resolve();
      });
    });
    assert.equal(await closed, 1006);
    await outlived;
  });

  test("words of the server come in their order on the wire", async (t) => {
    const server = await serve(t, ALL);
    const socket = new WebSocket(`ws://${server.address}/primus?end=1`);
    const messages = [];
    socket.on("message", (data) => messages.push(`${data}`));
    await once(socket, "close");
    assert.deepEqual(messages, ['"primus::server::close"']);
    const again = new WebSocket(`ws://${server.address}/primus?reconnect=1`);
    again.on("message", (data) => messages.push(`${data}`));
    await once(again, "close");
    assert.equal(messages.length, 1);
  });

  test("a message over the limit ends its connection only", async (t) => {
    const server = await serve(t, ALL);
    const other = open(t, server, { transformer: "websockets" });
    const socket = new WebSocket(`ws://${server.address}/primus`);
    await once(socket, "open");
    socket.on("error", () => {}); // it may be cut off in the middle of the message
    socket.send(`"${"x".repeat(11 << 20)}"`);
    await once(socket, "close");
    assert.deepEqual(await echoed(other, [1]), [1]);
  });
});

async function ask(server, method, path, headers) {
  const [host, port] = server.address.split(":");
  const asked = request({ host, port, method, path, headers });
  asked.end();
  const [response] = await once(asked, "response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { response, body };
}

// The command of the crate's front page, with another file.
const SAVE = `
  new (require("primus"))(require("http").createServer(), { transformer: "websockets" })
    .save(process.argv[1]);
  process.exit()`;
