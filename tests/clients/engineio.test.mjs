// The published clients of Engine.IO, 6 and 3.5, against the echo server of the transport.

import assert from "node:assert/strict";
import http from "node:http";
import { describe, test } from "node:test";

import { Socket as Socket6 } from "engine.io-client";
import Socket3 from "engine.io-client-3";

import { startServer } from "./server.mjs";

const CLIENTS = [
  ["engine.io-client 6", (url, options) => new Socket6(url, options), 4],
  ["engine.io-client 3.5", (url, options) => new Socket3(url, options), 3],
];

const WAYS = [
  ["polling", { transports: ["polling"] }],
  ["websocket", { transports: ["websocket"] }],
  ["upgrade", { transports: ["polling", "websocket"] }],
];

for (const [name, create, version] of CLIENTS) {
  for (const [way, options] of WAYS) {
    describe(`${name}, ${way}`, { timeout: 60_000 }, () => {
      const connect = (t, server, more) => open(t, create, server, { ...options, ...more });

      test("text comes back as text, binary as binary", async (t) => {
        const socket = await connect(t, await echoServer(t));
        const messages = ["Grüße, 世界 👋", "a:b\n\\n\u2028", Buffer.from([0, 1, 30, 254, 255]), "last"];
        assert.deepEqual(await echoed(socket, messages), messages);
      });

      test("an empty message is a message", async (t) => {
        const socket = await connect(t, await echoServer(t));
        const messages = ["", Buffer.alloc(0), ""];
        assert.deepEqual(await echoed(socket, messages), messages);
      });

      test("large messages come back whole", async (t) => {
        const socket = await connect(t, await echoServer(t));
        // One by one: the client of version 3 puts all it has into one body.
        for (const message of ["й".repeat(400_000), Buffer.alloc(700_000, "0123456789"), "x".repeat(999_000)]) {
          assert.deepEqual(await echoed(socket, [message]), [message]);
        }
      });

      test("many messages keep their order", async (t) => {
        const socket = await connect(t, await echoServer(t));
        const messages = Array.from({ length: 3000 }, (_, index) =>
          index % 3 ? `${index}` : Buffer.from(`${index}`),
        );
        assert.deepEqual(await echoed(socket, messages), messages);
      });

      test("messages sent at every moment of the start keep their order", async (t) => {
        const socket = await connect(t, await echoServer(t));
        const count = 200;
        const received = collect(socket, count);
        for (let index = 0; index < count; index++) {
          socket.send(`${index}`);
          if (index % 5 === 0) await pause(1);
        }
        assert.deepEqual(await received, Array.from({ length: count }, (_, index) => `${index}`));
        assert.equal(socket.transport.name, way === "polling" ? "polling" : "websocket");
      });

      test("fifty clients at once", async (t) => {
        const server = await echoServer(t);
        await Promise.all(
          Array.from({ length: 50 }, async (_, client) => {
            const socket = await connect(t, server, { forceNew: true });
            const messages = Array.from({ length: 20 }, (_, index) => `${client}: ${index}`);
            assert.deepEqual(await echoed(socket, messages), messages);
            socket.close();
          }),
        );
      });

      test("heartbeats keep an idle client", async (t) => {
        const socket = await connect(t, await echoServer(t));
        let beats = 0;
        const enough = new Promise((resolve) => {
          const beat = () => ++beats === 4 && resolve();
          socket.on(version === 4 ? "ping" : "pong", beat);
          socket.on("close", resolve);
        });
        await enough;
        assert.equal(beats, 4);
        assert.deepEqual(await echoed(socket, ["still here"]), ["still here"]);
      });

      test("a client that closes may come back", async (t) => {
        const server = await echoServer(t);
        const socket = await connect(t, server);
        assert.deepEqual(await echoed(socket, ["before"]), ["before"]);
        const closed = ended(socket);
        socket.close();
        assert.match(await closed, /forced close/);
        const again = await connect(t, server);
        assert.deepEqual(await echoed(again, ["after"]), ["after"]);
      });

      test("a server that shuts down closes its clients", async (t) => {
        const server = await echoServer(t);
        const socket = await connect(t, server);
        assert.deepEqual(await echoed(socket, ["before"]), ["before"]);
        const closed = ended(socket);
        await server.stop();
        assert.match(await closed, /transport close/);
      });
    });
  }
}

describe("engine.io-client 6", { timeout: 60_000 }, () => {
  test("a poll that is aborted ends the session", async (t) => {
    const server = await echoServer(t);
    const base = `http://${server.address}/engine.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1));
    const request = http.get(`${base}&sid=${sid}`);
    request.on("error", () => {});
    await new Promise((resolve) => request.once("finish", resolve));
    await pause(50);
    request.destroy();
    const gone = async () => {
      const response = await fetch(`${base}&sid=${sid}`, { method: "POST", body: "4still there?" });
      return response.status;
    };
    const deadline = Date.now() + 5_000;
    while ((await gone()) !== 400) {
      assert.ok(Date.now() < deadline, "the session is still there");
      await pause(10);
    }
  });

  test("a session that has upgraded goes on when its messages cross", async (t) => {
    const server = await echoServer(t);
    for (let round = 0; round < 20; round++) {
      const socket = await open(t, CLIENTS[0][1], server, { transports: ["polling", "websocket"] });
      const messages = Array.from({ length: 100 }, (_, index) => `${round}: ${index}`);
      const received = collect(socket, messages.length);
      for (const [index, message] of messages.entries()) {
        socket.send(message);
        if (index % (round + 1) === 0) await pause(0);
      }
      assert.deepEqual(await received, messages);
      socket.close();
    }
  });
});

describe("the server for the client's own tests", { timeout: 60_000 }, () => {
  for (const [name, create] of CLIENTS) {
    test(`does what they ask for: ${name}`, async (t) => {
      const server = await startServer(t, "plimsoll-conformance", ["engineio-client", "--port", "0"]);
      const socket = create(`http://${server.address}`, { transports: ["polling"] });
      t.after(() => socket.close());
      const received = collect(socket, 5);
      await new Promise((resolve) => socket.once("open", resolve));
      for (const message of ["give binary", "give utf8", "sendHeaders", "echo"]) socket.send(message);
      const [hi, binary, utf8, headers, echo] = await received;
      assert.equal(hi, "hi");
      assert.deepEqual(binary, Buffer.from([0, 1, 2, 3, 4]));
      assert.equal(utf8, "пойду спать всем спокойной ночи");
      assert.equal(JSON.parse(headers).host, server.address);
      assert.equal(echo, "echo");
    });
  }

  test("turns away, and gives four cookies", async (t) => {
    const server = await startServer(t, "plimsoll-conformance", ["engineio-client", "--port", "0"]);
    const base = `http://${server.address}/engine.io/?EIO=4&transport=polling`;
    const denied = await fetch(`${base}&deny=1`);
    assert.equal(denied.status, 403);
    assert.equal(await denied.text(), '{"code":4,"message":"Forbidden"}');
    const cookies = (await fetch(base)).headers.getSetCookie();
    assert.deepEqual(cookies.slice(0, 3), [
      "1=1; Max-Age=86400",
      "2=2; SameSite=Strict; Path=/; HttpOnly; Secure",
      "3=3; Max-Age=0",
    ]);
    assert.match(cookies[3], /^4=4; Expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  });
});

function echoServer(t) {
  return startServer(t, "plimsoll-conformance", ["engineio", "--port", "0"]);
}

/** Connects a client, and leaves it in the middle of its upgrade, if it makes one. */
async function open(t, create, server, options) {
  const socket = create(`http://${server.address}`, options);
  t.after(() => socket.close());
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return socket;
}

/** Sends messages, and resolves to as many that come. */
async function echoed(socket, messages) {
  const received = collect(socket, messages.length);
  for (const message of messages) socket.send(message);
  return received;
}

function collect(socket, count) {
  const received = [];
  return new Promise((resolve, reject) => {
    socket.on("message", (message) => {
      // An empty text comes as `undefined`.
      message ??= "";
      received.push(typeof message === "string" ? message : Buffer.from(message));
      if (received.length === count) resolve(received);
    });
    socket.once("error", reject);
    socket.once("close", (reason) => reject(new Error(`${reason} after ${received.length} messages`)));
  });
}

function ended(socket) {
  return new Promise((resolve) => socket.once("close", resolve));
}

function pause(time) {
  return new Promise((resolve) => setTimeout(resolve, time));
}
