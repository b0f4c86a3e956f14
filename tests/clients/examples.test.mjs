// The examples `echo` and `swap` against each other, and those that embed Plimsoll elsewhere.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { isBuilt, startServer } from "./server.mjs";

describe("examples", { timeout: 60_000 }, () => {
  test("swap does the same over each URL of echo", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "echo-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const urls = ["ws://127.0.0.1:0/ws", "tcp://127.0.0.1:0", `unix:${folder}/echo.sock`];
    const echo = await startServer(t, "examples/echo", urls);
    for (const [scheme, transport] of [["ws", "websocket"], ["tcp", "tcp"], ["unix", "unix"]]) {
      const [, url] = await echo.until(new RegExp(`listening on (${scheme}:\\S+)`));
      const ready = /10000 round trips, \S+ each/;
      const swap = await startServer(t, "examples/swap", [url], { ready, timeout: 20_000 });
      assert.match(swap.output, new RegExp(`^connected by ${transport}$`, "m"));
      assert.match(swap.output, /^Text\("ahoy"\) comes back as Text\("ahoy"\)$/m);
      assert.match(swap.output, /^Binary\((.*)\) comes back as Binary\(\1\)$/m);
      t.diagnostic(`${transport}: ${swap.match[0]}`);
    }
  });

  for (const name of ["axum", "hyper"]) {
    const skip = !isBuilt(`examples/${name}`) && "not built";
    test(`${name} serves, and ends on a signal`, { skip }, async (t) => {
      const server = await startServer(t, `examples/${name}`, ["0"], { ready: /on (http:\S+)/ });
      const response = await fetch(server.address);
      assert.ok(response.status < 500, `status ${response.status}`);
      await server.stop();
      assert.equal(server.running, false);
    });
  }
});
