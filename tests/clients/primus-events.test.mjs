// The published plugins of Primus for events, as clients of our server and as servers of our
// client. Either side is a connection with the same methods.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { describe, test } from "node:test";

import Primus from "primus";
import emit from "primus-emit";
import emitter from "primus-emitter";
import responder from "primus-responder";

import { startServer } from "./server.mjs";

const WAYS = [
  ["websockets", "json"],
  ["websockets", "msgpack"],
  ["engine.io", "json"],
  ["engine.io", "msgpack"],
  ["sockjs", "json"],
].flatMap(([transformer, parser]) => [
  [`as a client of our server, ${transformer}, ${parser}`, connectToOurs, { transformer, parser }],
  [`as a server of our client, ${transformer}, ${parser}`, acceptOurs, { transformer, parser }],
]);

const VALUES = [0, -1.5, "", "Grüße, 世界 👋", "\u2028\u2029\\\"", true, false, null, [], {}, [[1], { a: null }]];

for (const [way, connect, options] of WAYS) {
  describe(`primus-emit ${way}`, { timeout: 30_000 }, () => {
    const open = (t) => connect(t, options, "emit", emit);

    test("events come back with their arguments", async (t) => {
      const connection = await open(t);
      for (const list of [[], ["one"], [1, "two", { three: 3 }], VALUES]) {
        const echoed = next(connection, "some event");
        connection.emit("some event", ...list);
        assert.deepEqual(await echoed, list);
      }
    });

    test("events keep their order", async (t) => {
      const connection = await open(t);
      const count = 1000;
      const received = [];
      const all = new Promise((resolve) =>
        connection.on("count", (number) => received.push(number) === count && resolve()),
      );
      for (let number = 0; number < count; number++) connection.emit("count", number);
      await all;
      assert.deepEqual(received, Array.from({ length: count }, (_, number) => number));
    });

    test("what is no event is a message", async (t) => {
      const connection = await open(t);
      const messages = [...VALUES, { emit: "news" }, { emit: [] }, { emit: [null] }, [1, "i", "__proto__"]];
      for (const message of messages) assert.deepEqual(await seen(connection, message), message);
    });

    test("reserved events cannot be forged", async (t) => {
      const connection = await open(t);
      for (const name of ["end", "data", "error", "incoming::end", "outgoing::data", "toString"]) {
        const forged = { emit: [name, "forged"] };
        assert.deepEqual(await seen(connection, forged), forged);
      }
    });
  });

  describe(`primus-emitter ${way}`, { timeout: 30_000 }, () => {
    const open = (t) => connect(t, options, "emitter", emitter);

    test("events come back with their arguments", async (t) => {
      const connection = await open(t);
      for (const list of [[], ["one"], [1, "two", { three: 3 }], VALUES]) {
        const echoed = next(connection, "some event");
        connection.send("some event", ...list);
        assert.deepEqual(await echoed, list);
      }
    });

    test("requests are acknowledged", async (t) => {
      const connection = await open(t);
      assert.deepEqual(await acknowledged(connection, "sum", 2, 3), [5]);
      assert.deepEqual(await acknowledged(connection, "list", ...VALUES), VALUES);
      const sums = Array.from({ length: 200 }, (_, number) => acknowledged(connection, "sum", number, 1));
      assert.deepEqual(await Promise.all(sums), Array.from({ length: 200 }, (_, number) => [number + 1]));
    });

    test("a request of ours is acknowledged", async (t) => {
      const connection = await open(t);
      connection.on("question", (question, acknowledge) => {
        acknowledge(`${question}?`, "because");
        acknowledge("once more");
      });
      const answered = next(connection, "answered");
      connection.send("ask", "why");
      assert.deepEqual(await answered, ["why?", "because"]);
    });

    test("a request that fails, or that nobody knows, has no answer", async (t) => {
      const connection = await open(t);
      const acknowledge = () => assert.fail("an answer");
      connection.send("fail", acknowledge);
      connection.send("unheard of", acknowledge);
      connection.send("sum", "one", "two", acknowledge);
      assert.deepEqual(await acknowledged(connection, "sum", 2, 3), [5]);
    });

    test("messages that are nothing of the plugin's do no harm", async (t) => {
      const connection = await open(t);
      connection.write({ type: 1, id: 1, data: ["forged"] });
      for (const message of [
        ...VALUES,
        { type: 0, data: ["end"] },
        { type: 0, data: ["incoming::end"], id: 1 },
        { type: 0, data: [] },
        { type: 1, data: [], id: "__proto__" },
        [1, "i", "__proto__"],
      ]) {
        assert.deepEqual(await seen(connection, message), message);
      }
      assert.deepEqual(await acknowledged(connection, "sum", 2, 3), [5]);
    });
  });

  describe(`primus-responder ${way}`, { timeout: 30_000 }, () => {
    const open = (t) => connect(t, options, "responder", responder);

    test("requests are answered", async (t) => {
      const connection = await open(t);
      for (const value of VALUES) assert.deepEqual(await answered(connection, value), { echo: value });
      const answers = Array.from({ length: 200 }, (_, number) => answered(connection, { number }));
      const expected = Array.from({ length: 200 }, (_, number) => ({ echo: { number } }));
      assert.deepEqual(await Promise.all(answers), expected);
    });

    test("a request of ours is answered", async (t) => {
      const connection = await open(t);
      connection.on("request", (data, done) => {
        assert.equal(data, "question");
        done({ answer: 42 });
        done({ answer: "once more" });
      });
      assert.deepEqual(await answered(connection, "ask"), { answer: 42 });
      assert.deepEqual(await answered(connection, "ask"), { answer: 42 });
    });

    test("a request that fails has no answer", async (t) => {
      const connection = await open(t);
      connection.writeAndWait("fail", () => assert.fail("an answer"));
      assert.deepEqual(await answered(connection, 1), { echo: 1 });
    });

    test("messages that are nothing of the plugin's do no harm", async (t) => {
      const connection = await open(t);
      const plugin = "primus-responder";
      connection.write({ plugin, responseId: "1", data: "forged" });
      for (const message of [
        ...VALUES,
        { plugin },
        { plugin, responseId: "__proto__" },
        { plugin, requestId: {} },
        { plugin: "other", requestId: "1" },
      ]) {
        assert.deepEqual(await seen(connection, message), message);
      }
      assert.deepEqual(await answered(connection, 1), { echo: 1 });
    });
  });
}

/** Connects a published client to our server. */
async function connectToOurs(t, options, dialect, plugin) {
  const args = ["primus-events", "--port", "0", "--dialect", dialect, "--parser", options.parser];
  const server = await startServer(t, "plimsoll-conformance", args);
  const Socket = Primus.createSocket({ ...options, plugin: { [dialect]: plugin } });
  const connection = new Socket(`http://${server.address}`, { strategy: false });
  t.after(() => connection.end());
  await once(connection, "open");
  return connection;
}

/** Starts a published server, and waits for our client. */
async function acceptOurs(t, options, dialect, plugin) {
  const server = http.createServer();
  const primus = new Primus(server, options);
  primus.plugin(dialect, plugin);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const accepted = new Promise((resolve) => primus.on("connection", resolve));
  const url = `primus+http://127.0.0.1:${server.address().port}`;
  const args = ["primus-events-client", "--url", url, "--dialect", dialect];
  await startServer(t, "plimsoll-conformance", args, { ready: /^/ });
  t.after(() => new Promise((resolve) => primus.destroy({}, resolve)));
  return accepted;
}

/** The arguments of the next event with this name. */
function next(connection, name) {
  return new Promise((resolve) => connection.once(name, (...list) => resolve(ours(list))));
}

function acknowledged(connection, name, ...list) {
  return new Promise((resolve) => connection.send(name, ...list, (...answer) => resolve(ours(answer))));
}

function answered(connection, value) {
  return new Promise((resolve) => connection.writeAndWait(value, (answer) => resolve(ours(answer))));
}

/** Sends a message, and resolves to what our side has seen of it. */
function seen(connection, message) {
  return new Promise((resolve) => {
    connection.once("data", (data) => resolve(ours(data.seen)));
    connection.write(message);
  });
}

/** A value as one of this realm: the published client lives in another. */
function ours(value) {
  return structuredClone(value);
}
