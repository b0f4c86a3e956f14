// The code for Node in the guide to moving from Primus. Its twin in Rust is a test of the crate.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { becomes } from "./chat.mjs";

test("the chat in the guide tells who comes, speaks and goes", { timeout: 20_000 }, async (t) => {
  const { primus, server } = run(`${SERVER.replace("3000", "0")}; return { primus, server }`);
  t.after(() => primus.destroy());
  await once(server, "listening");
  const { port } = server.address();

  const ann = member(t, port, "ann");
  await becomes(() => ann.heard, [{ type: "welcome" }]);
  const bob = member(t, port, "bob");
  const said = { type: "said", name: "bob", text: "ahoy" };
  await becomes(() => ann.heard.slice(1), [{ type: "joined", name: "bob" }, said]);
  bob.client.write({ text: "/quit" });
  await becomes(() => bob.heard, [{ type: "welcome" }, { type: "bye" }, "over"]);
  await becomes(() => ann.heard.slice(3), [{ type: "left", name: "bob" }]);

  const nobody = member(t, port, "");
  const [error] = await once(nobody.client, "error");
  assert.match(error.message, /403/);
});

function member(t, port, name) {
  const heard = [];
  const code = CLIENT.replace("3000", port).replace("ann", name);
  const client = run(`${code}; return client`, { log: (what) => heard.push(structuredClone(what)) });
  t.after(() => client.destroy());
  return { client, heard };
}

function run(code, console) {
  return new Function("require", "console", code)(createRequire(import.meta.url), console);
}

const GUIDE = readFileSync(new URL("../../plugins/primus/docs/migrating.md", import.meta.url), "utf8");
const [SERVER, CLIENT] = [...GUIDE.matchAll(/^```js\n(.*?)^```$/gms)].map((block) => block[1]);
