// The published clients of Engine.IO, and what tests do with them.

import assert from "node:assert/strict";

import { Socket as Socket6 } from "engine.io-client";
import Socket3 from "engine.io-client-3";

import { startServer } from "./server.mjs";

/** Name, constructor and version of the protocol. */
export const CLIENTS = [
  ["engine.io-client 6", (url, options) => new Socket6(url, options), 4],
  ["engine.io-client 3.5", (url, options) => new Socket3(url, options), 3],
];

export const WAYS = [
  ["polling", { transports: ["polling"] }],
  ["websocket", { transports: ["websocket"] }],
  ["upgrade", { transports: ["polling", "websocket"] }],
];

export function echoServer(t) {
  return startServer(t, "plimsoll-conformance", ["engineio", "--port", "0"]);
}

/** Whether a server has no session of this id. */
export async function isUnknown(server, sid) {
  const url = `http://${server.address}/engine.io/?EIO=4&transport=polling&sid=${sid}`;
  const response = await fetch(url, { method: "POST", body: "4still there?" });
  return (await response.text()).includes("Session ID unknown");
}

/** Connects a client, and leaves it in the middle of its upgrade, if it makes one. */
export async function open(t, create, server, options) {
  const socket = create(`http://${server.address}`, options);
  t.after(() => socket.close());
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return socket;
}

/** Sends messages, and resolves to as many that come. */
export async function echoed(socket, messages) {
  const received = collect(socket, messages.length);
  for (const message of messages) socket.send(message);
  return received;
}

export function collect(socket, count) {
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

export function ended(socket) {
  return new Promise((resolve) => socket.once("close", resolve));
}

export function pause(time) {
  return new Promise((resolve) => setTimeout(resolve, time));
}

/** Waits until `check` resolves to true. */
export async function until(check, timeout = 5_000) {
  const deadline = Date.now() + timeout;
  while (!(await check())) {
    assert.ok(Date.now() < deadline, "not in time");
    await pause(10);
  }
}
