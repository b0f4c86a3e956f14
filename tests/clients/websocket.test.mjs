// Node's `ws` against the echo server of the WebSocket transport.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { describe, test } from "node:test";

import WebSocket from "ws";

import { startServer } from "./server.mjs";

describe("websocket", { timeout: 30_000 }, () => {
  test("text comes back as text, binary as binary", async (t) => {
    const socket = await connect(t, await echoServer(t));
    assert.deepEqual(await echoed(socket, "Grüße, 世界 👋"), ["Grüße, 世界 👋", "text"]);
    assert.deepEqual(await echoed(socket, Buffer.from([0, 1, 254, 255])), [
      Buffer.from([0, 1, 254, 255]),
      "binary",
    ]);
  });

  test("an empty message is a message", async (t) => {
    const socket = await connect(t, await echoServer(t));
    assert.deepEqual(await echoed(socket, ""), ["", "text"]);
    assert.deepEqual(await echoed(socket, Buffer.alloc(0)), [Buffer.alloc(0), "binary"]);
  });

  test("a message of 1 MiB comes back whole", async (t) => {
    const socket = await connect(t, await echoServer(t));
    const large = Buffer.alloc(1 << 20, "0123456789abcdef");
    const [message, kind] = await echoed(socket, large);
    assert.equal(kind, "binary");
    assert.ok(large.equals(message));
  });

  test("messages keep their order", async (t) => {
    const socket = await connect(t, await echoServer(t));
    const sent = Array.from({ length: 1000 }, (_, index) => `${index}`);
    const received = [];
    const complete = new Promise((resolve) =>
      socket.on("message", (data) => received.push(`${data}`) === sent.length && resolve()),
    );
    for (const text of sent) socket.send(text);
    await complete;
    assert.deepEqual(received, sent);
  });

  test("a ping is answered with its payload", async (t) => {
    const socket = await connect(t, await echoServer(t));
    const pong = once(socket, "pong");
    socket.ping("are you there");
    assert.equal(`${(await pong)[0]}`, "are you there");
  });

  test("the code and the reason of a close come back", async (t) => {
    const socket = await connect(t, await echoServer(t));
    const closed = once(socket, "close");
    socket.close(4001, "going home");
    const [code, reason] = await closed;
    assert.equal(code, 4001);
    assert.equal(`${reason}`, "going home");
  });

  test("an upgrade on an unknown path gets 404", async (t) => {
    const server = await echoServer(t);
    const response = await upgrade(server, "/nowhere");
    assert.equal(response.statusCode, 404);
  });

  test("another version of the protocol gets 426 and the version to use", async (t) => {
    const server = await echoServer(t);
    const response = await upgrade(server, "/ws", { "Sec-WebSocket-Version": "12" });
    assert.equal(response.statusCode, 426);
    assert.equal(response.headers["sec-websocket-version"], "13");
  });

  test("a subprotocol beyond ASCII is no harm to others", async (t) => {
    const server = await echoServer(t);
    const response = await upgrade(server, "/ws", { "Sec-WebSocket-Protocol": "caf\u00e9, \u00ff" });
    assert.ok(response.statusCode < 500, `status ${response.statusCode}`);
    const other = await connect(t, server);
    assert.deepEqual(await echoed(other, "still here"), ["still here", "text"]);
    assert.ok(server.running);
  });
});

function echoServer(t) {
  return startServer(t, "plimsoll-conformance", ["websocket", "--port", "0"]);
}

async function connect(t, server) {
  const socket = new WebSocket(`ws://${server.address}/ws`);
  t.after(() => socket.terminate());
  await once(socket, "open");
  return socket;
}

async function echoed(socket, message) {
  const answer = once(socket, "message");
  socket.send(message);
  const [data, isBinary] = await answer;
  return isBinary ? [data, "binary"] : [`${data}`, "text"];
}

/** Asks for an upgrade and resolves to the response, whatever it is. */
function upgrade(server, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get(`http://${server.address}${path}`, {
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        ...headers,
      },
    });
    request.once("response", (response) => resolve(response.resume()));
    request.once("upgrade", (response, socket) => resolve((socket.destroy(), response)));
    request.once("error", reject);
  });
}
