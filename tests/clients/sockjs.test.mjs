// The published client of SockJS against the services that the suite of the protocol expects.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import SockJS from "sockjs-client";

import { hasNginx, startNginx } from "./nginx.mjs";
import { startServer } from "./server.mjs";

const TRANSPORTS = ["websocket", "xhr-streaming", "eventsource", "xhr-polling"];

for (const transport of TRANSPORTS) {
  describe(`sockjs-client 1.6, ${transport}`, { timeout: 60_000 }, () => {
    const connect = (t, server, path) => open(t, server, path, transport);

    test("text of every kind comes back", async (t) => {
      const socket = await connect(t, await services(t), "/echo");
      assert.equal(socket.transport, transport);
      assert.deepEqual(await echoed(socket, TEXTS), TEXTS);
    });

    test("many messages keep their order", async (t) => {
      const socket = await connect(t, await services(t), "/echo");
      const sent = Array.from({ length: 2000 }, (_, index) => `${index}`);
      assert.deepEqual(await echoed(socket, sent), sent);
    });

    test("messages longer than a response come back whole", async (t) => {
      const socket = await connect(t, await services(t), "/echo");
      const sent = ["a", "x".repeat(10_000), "é".repeat(30_000), "z"];
      assert.deepEqual(await echoed(socket, sent), sent);
    });

    test("messages of every length up to a quarter of a million", async (t) => {
      const socket = await connect(t, await services(t), "/amplify");
      const sent = Array.from({ length: 18 }, (_, index) => `${index + 1}`);
      const lengths = (await echoed(socket, sent)).map((text) => text.length);
      assert.deepEqual(lengths, Array.from({ length: 18 }, (_, index) => 2 ** (index + 1)));
    });

    test("the code and the reason of a close arrive", async (t) => {
      const socket = await connect(t, await services(t), "/close");
      const { code, reason, wasClean } = await new Promise((resolve) => (socket.onclose = resolve));
      assert.deepEqual([code, reason, wasClean], [3000, "Go away!", true]);
    });

    test("a message reaches all who listen", async (t) => {
      const server = await services(t);
      const sockets = [];
      for (let index = 0; index < 5; index++) {
        const socket = await connect(t, server, "/broadcast");
        // Who hears himself is heard by all.
        assert.deepEqual(await echoed(socket, ["aboard"]), ["aboard"]);
        sockets.push(socket);
      }
      const heard = sockets.map(
        (socket) =>
          new Promise((resolve) => {
            socket.onmessage = ({ data }) => data === "all hands" && resolve();
          }),
      );
      sockets[0].send("all hands");
      await Promise.all(heard);
    });

    test("a server that speaks first is heard", async (t) => {
      const socket = await connect(t, await services(t), "/ticker");
      assert.deepEqual(await received(socket, 2), ["tick!", "tick!"]);
    });

    test("thirty clients at once", async (t) => {
      const server = await services(t);
      const clients = Array.from({ length: 30 }, async (_, client) => {
        const socket = await connect(t, server, "/echo");
        const sent = Array.from({ length: 20 }, (_, index) => `${client}: ${index}`);
        assert.deepEqual(await echoed(socket, sent), sent);
      });
      await Promise.all(clients);
    });

    test("a cookie for the load balancer is no hindrance", async (t) => {
      const socket = await connect(t, await services(t), "/cookie_needed_echo");
      assert.deepEqual(await echoed(socket, ["a"]), ["a"]);
    });
  });
}

describe("sockjs-client 1.6", { timeout: 60_000 }, () => {
  test("takes the best transport that the server has", async (t) => {
    const server = await services(t);
    const socket = await open(t, server, "/echo");
    assert.equal(socket.transport, "websocket");
    const without = await open(t, server, "/disabled_websocket_echo");
    assert.notEqual(without.transport, "websocket");
    assert.deepEqual(await echoed(without, TEXTS), TEXTS);
  });
});

describe("sockjs-client 1.6 behind nginx", { timeout: 60_000, skip: !hasNginx && "no nginx" }, () => {
  for (const transport of TRANSPORTS) {
    test(`${transport} carries each message at once`, async (t) => {
      const server = await services(t);
      const proxy = { address: await startNginx(t, server.address) };
      const socket = await open(t, proxy, "/echo", transport);
      for (const text of TEXTS) assert.deepEqual(await echoed(socket, [text]), [text]);
      const closing = await open(t, proxy, "/close", transport);
      const { code, reason } = await new Promise((resolve) => (closing.onclose = resolve));
      assert.deepEqual([code, reason], [3000, "Go away!"]);
    });
  }
});

const TEXTS = [
  "",
  "Grüße, 世界 👋",
  '"\\/\b\t\n\f\r\v\0\x7f',
  "%41 100% +&=",
  "</script><!-- <b>&amp;",
  "\u200b\u200d\u2028\u2066\ufeff\ufff0\uffff",
  "[]",
  "x".repeat(5000),
];

function services(t) {
  return startServer(t, "plimsoll-conformance", ["sockjs", "--port", "0"]);
}

async function open(t, server, path, transports) {
  const socket = new SockJS(`http://${server.address}${path}`, null, { transports });
  t.after(() => socket.close());
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onclose = ({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`));
  });
  socket.onclose = null;
  return socket;
}

/** Sends `messages`, and resolves to as many that come back. */
function echoed(socket, messages) {
  const answers = received(socket, messages.length);
  for (const message of messages) socket.send(message);
  return answers;
}

function received(socket, count) {
  const messages = [];
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => messages.push(data) === count && resolve(messages);
    socket.onclose = ({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`));
  });
}
