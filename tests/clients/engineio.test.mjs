// The published clients of Engine.IO, 6 and 3.5, against the echo server of the transport.

import assert from "node:assert/strict";
import http from "node:http";
import { describe, test } from "node:test";

import { cable } from "./chat.mjs";
import { CLIENTS, WAYS, collect, echoServer, echoed, ended, isUnknown, open, pause, until } from "./engineio.mjs";
import { startServer } from "./server.mjs";

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

      test("a client that was cut off may come back, and its session is gone", async (t) => {
        const server = await echoServer(t);
        const cord = await cable(t, `http://${server.address}`);
        const through = { address: new URL(cord.url).host };
        const socket = await connect(t, through);
        assert.deepEqual(await echoed(socket, ["before"]), ["before"]);
        const closed = ended(socket);
        // Once is not enough: in Node, clients repeat a request whose connection was kept from before.
        const cutting = setInterval(cord.cut, 10);
        const reason = await closed;
        clearInterval(cutting);
        assert.match(reason, /transport (error|close)/);
        await until(() => isUnknown(server, socket.id));
        const again = await connect(t, through);
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
    await until(() => isUnknown(server, sid));
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
