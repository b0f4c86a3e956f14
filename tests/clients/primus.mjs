// Published clients of Primus, the server that they connect to, and what tests do with them.

import Primus from "primus";

import { startServer } from "./server.mjs";

/** Starts the server with the transports, the first of which is the preferred one. */
export function serve(t, transformers, args = []) {
  const names = [transformers].flat().flatMap((name) => ["--transformer", name]);
  return startServer(t, "plimsoll-conformance", ["primus", "--port", "0", ...names, ...args]);
}

/** A client that comes back fast. */
export function open(t, server, { transformer, parser = "json", query = "", options = {} }) {
  const Socket = Primus.createSocket({ transformer, parser, pathname: "/primus" });
  const client = new Socket(`http://${server.address}${query}`, {
    reconnect: { min: 10, max: 100 },
    ...options,
  });
  client.on("error", () => {});
  t.after(() => client.destroy());
  return client;
}

/** Writes each value in an object that asks for it, and resolves with the answers. */
export async function echoed(client, values) {
  const received = receive(client, values.length);
  for (const echo of values) client.write({ echo });
  return received;
}

/** Resolves with the next values that come. */
export function receive(client, count) {
  return new Promise((resolve, reject) => {
    const values = [];
    const onData = (value) => {
      values.push(structuredClone(value)); // the client's are of another realm
      if (values.length === count) finish(resolve, values);
    };
    const onEnd = () => finish(reject, new Error(`ended after ${values.length} of ${count}`));
    const finish = (settle, value) => {
      client.removeListener("data", onData);
      client.removeListener("end", onEnd);
      settle(value);
    };
    client.on("data", onData);
    client.on("end", onEnd);
  });
}

/** Unlike `once` of Node, which fails at an event `error`. */
export function heard(client, event) {
  return new Promise((resolve) => client.once(event, resolve));
}

/** The events that come, in their order. */
export function record(client) {
  const events = [];
  for (const event of ["open", "close", "end", "error", "offline"]) {
    client.on(event, () => events.push(event));
  }
  return events;
}

/** One of each kind. */
export const VALUES = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 31,
  -(2 ** 31) - 1,
  Number.MAX_SAFE_INTEGER,
  "",
  "text",
  "é 👟 \u0000",
  "\u2028 and \u2029",
  "x".repeat(300),
  [],
  [1, "two", [3], null],
  {},
  { "": 0, a: { b: { c: [] } }, long: "y".repeat(70_000) },
  Array.from({ length: 100 }, (_, index) => index),
];
