// The published clients of Engine.IO through nginx.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { CLIENTS, WAYS, echoServer, echoed, ended, open } from "./engineio.mjs";
import { hasNginx, startNginx } from "./nginx.mjs";

for (const [name, create, version] of CLIENTS) {
  describe(`${name} behind nginx`, { timeout: 60_000, skip: !hasNginx && "no nginx" }, () => {
    for (const [way, options] of WAYS) {
      test(`each message comes at once: ${way}`, async (t) => {
        const socket = await connect(t, await echoServer(t));
        for (const message of ["Grüße, 世界 👋", Buffer.from([0, 30, 255]), "x".repeat(999_000), "last"]) {
          assert.deepEqual(await echoed(socket, [message]), [message]);
        }
        assert.equal(socket.transport.name, way === "polling" ? "polling" : "websocket");
      });

      test(`many messages keep their order: ${way}`, async (t) => {
        const socket = await connect(t, await echoServer(t));
        const messages = Array.from({ length: 2000 }, (_, index) => `${index}: ${"é".repeat(index % 100)}`);
        assert.deepEqual(await echoed(socket, messages), messages);
      });

      test(`heartbeats pass, and the end of the server: ${way}`, async (t) => {
        const server = await echoServer(t);
        const socket = await connect(t, server);
        const beats = new Promise((resolve) => {
          let count = 0;
          socket.on(version === 4 ? "ping" : "pong", () => ++count === 3 && resolve());
        });
        await beats;
        const closed = ended(socket);
        await server.stop();
        assert.match(await closed, /transport close/);
      });

      /** Connects through nginx, and waits for the move to WebSocket, if there is one. */
      async function connect(t, server) {
        const proxy = { address: await startNginx(t, server.address) };
        const socket = await open(t, create, proxy, options);
        if (way === "upgrade") await new Promise((resolve) => socket.once("upgrade", resolve));
        return socket;
      }
    }
  });
}
