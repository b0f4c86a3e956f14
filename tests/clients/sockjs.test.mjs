// The published client of SockJS, and plain fetch and WebSocket, against the services that the
// suite of the protocol expects.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";

import SockJS from "sockjs-client";
import WebSocket from "ws";

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

describe("sockjs, plain clients", { timeout: 60_000 }, () => {
  test("a raw WebSocket has no framing", async (t) => {
    const server = await services(t);
    const socket = new WebSocket(`ws://${server.address}/echo/websocket`);
    t.after(() => socket.terminate());
    await once(socket, "open");
    const answer = once(socket, "message");
    socket.send('["a"]');
    assert.equal(`${(await answer)[0]}`, '["a"]');
    const closed = once(socket, "close");
    socket.close(4001, "going home");
    assert.equal((await closed)[0], 4001);
  });

  test("a raw WebSocket that is closed is told why", async (t) => {
    const server = await services(t);
    const socket = new WebSocket(`ws://${server.address}/close/websocket`);
    const [code, reason] = await once(socket, "close");
    assert.deepEqual([code, `${reason}`], [3000, "Go away!"]);
  });

  test("a framed WebSocket has each frame as a message", async (t) => {
    const server = await services(t);
    const socket = new WebSocket(`ws://${server.address}/echo/000/a/websocket`);
    t.after(() => socket.terminate());
    const frames = [];
    socket.on("message", (data) => frames.push(`${data}`));
    const next = async () => {
      while (!frames.length) await once(socket, "message");
      return frames.shift();
    };
    assert.equal(await next(), "o");
    for (const ignored of ["", "[]"]) socket.send(ignored);
    socket.send('["a","b"]');
    socket.send('"c"');
    assert.deepEqual([await next(), await next(), await next()], ['a["a"]', 'a["b"]', 'a["c"]']);
    const closed = once(socket, "close");
    socket.send('["a');
    const [code, reason] = await closed;
    assert.deepEqual([code, `${reason}`, frames], [3000, "Broken framing.", []]);
  });

  test("a session is polled with fetch", async (t) => {
    const url = `http://${(await services(t)).address}/echo/000/fetched`;
    const poll = async () => (await fetch(`${url}/xhr`, { method: "POST" })).text();
    assert.equal(await poll(), "o\n");
    const sent = await fetch(`${url}/xhr_send`, { method: "POST", body: '["a","é\\ud800"]' });
    assert.deepEqual([sent.status, await sent.text()], [204, ""]);
    assert.equal(await poll(), 'a["a","é\\ufffd"]\n');
  });

  test("a session is closed to every later request", async (t) => {
    const url = `http://${(await services(t)).address}/close/000/late`;
    const poll = async () => (await fetch(`${url}/xhr`, { method: "POST" })).text();
    assert.equal(await poll(), "o\n");
    for (let late = 0; late < 3; late++) assert.equal(await poll(), 'c[3000,"Go away!"]\n');
    const sent = await fetch(`${url}/xhr_send`, { method: "POST", body: '["a"]' });
    assert.equal(sent.status, 204);
  });
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
