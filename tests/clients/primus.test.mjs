// The published client of Primus, over the transports that one Plimsoll server has at one path.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";

import Primus from "primus";
import WebSocket from "ws";

import { startServer } from "./server.mjs";

const CASES = [
  ["websockets", "json"],
  ["websockets", "msgpack"],
  ["websockets", "binary"],
  ["engine.io", "json"],
  ["engine.io", "msgpack"],
  ["sockjs", "json"],
];

for (const [transformer, parser] of CASES) {
  describe(`primus 8.0, ${transformer}, ${parser}`, { timeout: 30_000 }, () => {
    const start = (t, args = []) => serve(t, transformer, ["--parser", parser, ...args]);
    const connect = (t, server, query = "", options = {}) =>
      open(t, server, { transformer, parser, query, options });

    test("what is written before the connection is open arrives in order", async (t) => {
      const client = connect(t, await start(t));
      const sent = Array.from({ length: 500 }, (_, index) => index);
      assert.deepEqual(await echoed(client, sent), sent);
    });

    test("every value comes back", async (t) => {
      const client = connect(t, await start(t));
      assert.deepEqual(await echoed(client, VALUES), VALUES);
    });

    test("a value that is no object reaches the application", async (t) => {
      const client = connect(t, await start(t));
      const sent = [null, 0, "", "plain", [1], "primus::unknown::x", "primus::"];
      const received = receive(client, sent.length);
      for (const value of sent) client.write(value);
      assert.deepEqual(await received, sent);
    });

    test("a message of a megabyte comes back", async (t) => {
      const client = connect(t, await start(t));
      const sent = ["x".repeat(1 << 20), "é\u2028".repeat(100_000), "after"];
      assert.deepEqual(await echoed(client, sent), sent);
    });

    test("the id is told, and is another for each", async (t) => {
      const server = await start(t);
      const [one, other] = [connect(t, server), connect(t, server)];
      await Promise.all([heard(one, "open"), heard(other, "open")]);
      const id = (client) => new Promise((resolve) => client.id(resolve));
      const ids = [await id(one), await id(one), await id(other)];
      assert.match(ids[0], /^[\w-]{20,}$/);
      assert.equal(ids[0], ids[1]);
      assert.notEqual(ids[0], ids[2]);
    });

    test("pings come in time, and pongs keep the connection", async (t) => {
      const server = await start(t, ["--ping-interval", "200"]);
      const client = connect(t, server, "", { pingTimeout: 2_000 });
      client.on("offline", () => assert.fail("the client missed a ping"));
      client.on("close", () => assert.fail("the server missed a pong"));
      for (let pings = 0; pings < 4; pings++) await heard(client, "incoming::ping");
      assert.deepEqual(await echoed(client, ["alive"]), ["alive"]);
      client.removeAllListeners("close");
    });

    test("a client that does not answer is closed, and comes back", async (t) => {
      const server = await start(t, ["--ping-interval", "200"]);
      const client = connect(t, server);
      client.removeAllListeners("incoming::ping"); // which is where it answers
      await heard(client, "open");
      await heard(client, "reconnected");
    });

    test("a connection that ends for a restart is made again", async (t) => {
      const client = connect(t, await start(t), "?reconnect=1");
      const events = record(client);
      await heard(client, "reconnected");
      await heard(client, "reconnected");
      assert.ok(!events.includes("end") && !events.includes("error"), `${events}`);
    });

    test("a connection that ends for good is not made again", async (t) => {
      const client = connect(t, await start(t), "?end=1");
      const events = record(client);
      await heard(client, "end");
      assert.deepEqual(events, ["open", "close", "end"]);
    });

    test("who is turned away hears of an error", async (t) => {
      const client = connect(t, await start(t), "?deny=1", { strategy: false });
      const events = record(client);
      await heard(client, "end");
      assert.ok(events.includes("error") && !events.includes("open"), `${events}`);
    });

    test("a broadcast reaches all", async (t) => {
      const server = await start(t);
      const clients = Array.from({ length: 4 }, () => connect(t, server));
      // Who hears himself is heard by all.
      for (const client of clients) assert.deepEqual(await echoed(client, ["aboard"]), ["aboard"]);
      const received = clients.map((client) => receive(client, 1));
      clients[0].write({ broadcast: { all: "hands", at: "\u2028" } });
      for (const values of await Promise.all(received)) {
        assert.deepEqual(values, [{ all: "hands", at: "\u2028" }]);
      }
    });

    test("a client that ends leaves the others alone", async (t) => {
      const server = await start(t);
      const [one, other] = [connect(t, server), connect(t, server)];
      await Promise.all([heard(one, "open"), heard(other, "open")]);
      const ended = heard(one, "end");
      one.end();
      await ended;
      assert.deepEqual(await echoed(other, [1, 2]), [1, 2]);
    });
  });
}

for (const transformer of ["websockets", "engine.io"]) {
  describe(`primus 8.0, ${transformer}, binary values`, { timeout: 30_000 }, () => {
    test("MessagePack carries buffers of every length", async (t) => {
      const server = await serve(t, transformer, ["--parser", "msgpack"]);
      const client = open(t, server, { transformer, parser: "msgpack" });
      const sent = [0, 1, 15, 16, 255, 256, 70_000].map((length) => Buffer.alloc(length, 0xfe));
      assert.deepEqual(await echoed(client, sent), structuredClone(sent));
    });

    test("MessagePack carries dates and regular expressions", async (t) => {
      const server = await serve(t, transformer, ["--parser", "msgpack"]);
      const client = open(t, server, { transformer, parser: "msgpack" });
      const sent = [new Date(1_700_000_000_000), /a+/g];
      assert.deepEqual(await echoed(client, sent), sent);
    });
  });
}

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

/** Starts the server with the transports, the first of which is the preferred one. */
function serve(t, transformers, args = []) {
  const names = [transformers].flat().flatMap((name) => ["--transformer", name]);
  return startServer(t, "plimsoll-conformance", ["primus", "--port", "0", ...names, ...args]);
}

/** A client that comes back fast. */
function open(t, server, { transformer, parser = "json", query = "", options = {} }) {
  const Socket = Primus.createSocket({ transformer, parser, pathname: "/primus" });
  const client = new Socket(`http://${server.address}${query}`, {
    reconnect: { min: 10, max: 100 },
    ...options,
  });
  client.on("error", () => {});
  t.after(() => client.destroy());
  return client;
}

/** Writes each value in an object that asks for it, and resolves with the answers. */
async function echoed(client, values) {
  const received = receive(client, values.length);
  for (const echo of values) client.write({ echo });
  return received;
}

function receive(client, count) {
  return new Promise((resolve, reject) => {
    const values = [];
    const onData = (value) => {
      values.push(structuredClone(value)); // the client's are of another realm
      if (values.length === count) finish(resolve, values);
    };
    const onEnd = () => finish(reject, new Error(`ended after ${values.length} of ${count}`));
    const finish = (settle, value) => {
      client.removeListener("data", onData);
      client.removeListener("end", onEnd);
      settle(value);
    };
    client.on("data", onData);
    client.on("end", onEnd);
  });
}

/** Unlike `once` of Node, which fails at an event `error`. */
function heard(client, event) {
  return new Promise((resolve) => client.once(event, resolve));
}

function record(client) {
  const events = [];
  for (const event of ["open", "close", "end", "error", "offline"]) {
    client.on(event, () => events.push(event));
  }
  return events;
}

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

const VALUES = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 31,
  -(2 ** 31) - 1,
  Number.MAX_SAFE_INTEGER,
  "",
  "text",
  "é 👟 \u0000",
  "\u2028 and \u2029",
  "x".repeat(300),
  [],
  [1, "two", [3], null],
  {},
  { "": 0, a: { b: { c: [] } }, long: "y".repeat(70_000) },
  Array.from({ length: 100 }, (_, index) => index),
];
