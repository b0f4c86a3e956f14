// The published client of Primus, over each transport and with each parser.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { VALUES, echoed, heard, open, receive, record, serve } from "./primus.mjs";

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
