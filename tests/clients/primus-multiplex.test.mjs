// Channels of the published packages, as clients of our server and as servers of our client:
// primus-multiplex and substream on Primus over WebSocket, websocket-multiplex on SockJS.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { describe, test } from "node:test";

import Primus from "primus";
import multiplex from "primus-multiplex";
import sockjs from "sockjs";
import SockJS from "sockjs-client";
import substream from "substream";
import { WebSocket } from "ws";

import { startServer } from "./server.mjs";

const ECHO = 'écho, "é"/%';
const VALUES = [1, "a,b", [1, [2]], { é: "\u2028" }, 0, null, false, ""];
const TRUTHY = VALUES.filter(Boolean);
const TEXTS = VALUES.map((value) => JSON.stringify(value).replace("\\u2028", "\u2028"));

describe("primus-multiplex 3.2", { timeout: 30_000 }, () => {
  test("the client's channels are apart, and keep their order", async (t) => {
    const primus = await connectPrimus(t, "primus-multiplex", { multiplex });
    const channels = [primus.channel(ECHO), primus.channel(ECHO), primus.channel("other")];
    const received = channels.map((channel) => collect(channel, "data", 100 + TRUTHY.length));
    const sent = channels.map((_, index) => [...TRUTHY, ...numbers(100, index)]);
    for (let at = 0; at < sent[0].length; at++) {
      channels.forEach((channel, index) => channel.write(sent[index][at]));
    }
    assert.deepEqual(ours(await Promise.all(received)), sent);
  });

  test("values that count as false reach the client", async (t) => {
    const primus = await connectPrimus(t, "primus-multiplex", { multiplex });
    assert.deepEqual(ours(await collect(primus.channel("values"), "data", VALUES.length)), VALUES);
  });

  test("both sides end channels", async (t) => {
    const primus = await connectPrimus(t, "primus-multiplex", { multiplex });
    const farewell = primus.channel("farewell");
    const [said] = await Promise.all([collect(farewell, "data", 1), once(farewell, "end")]);
    assert.deepEqual(said, ["bye"]);
    await once(primus.channel("refused"), "end");
    const channel = primus.channel(ECHO);
    channel.end();
    const again = primus.channel(ECHO);
    again.write("again");
    assert.deepEqual(await collect(again, "data", 1), ["again"]);
  });

  test("a client that reconnects subscribes again", async (t) => {
    const primus = await connectPrimus(t, "primus-multiplex", { multiplex }, { reconnect: { min: 10 } });
    const channel = primus.channel(ECHO);
    channel.write("before");
    assert.deepEqual(await collect(channel, "data", 1), ["before"]);
    primus.socket.terminate();
    await once(primus, "reconnected");
    channel.write("after");
    assert.deepEqual(await collect(channel, "data", 1), ["after"]);
  });

  test("the server serves our client", async (t) => {
    const server = await servePrimus(t, { multiplex }, (primus) => {
      for (const [name, answer] of [[ECHO, echoed], ["farewell", farewell]]) {
        primus.channel(name).on("connection", (spark) => spark.on("data", (data) => answer(spark, data)));
      }
    });
    assert.deepEqual(await useOurs(t, "primus-multiplex", server), expected(echo));
  });
});

describe("substream 0.2", { timeout: 30_000 }, () => {
  test("the client's streams are apart, and keep their order", async (t) => {
    const primus = await connectPrimus(t, "substream", { substream });
    const streams = [primus.substream(ECHO), primus.substream("other")];
    const received = streams.map((stream) => collect(stream, "data", 100 + VALUES.length));
    const sent = streams.map((_, index) => [...VALUES, ...numbers(100, index)]);
    for (let at = 0; at < sent[0].length; at++) {
      streams.forEach((stream, index) => stream.write(sent[index][at]));
    }
    assert.deepEqual(ours(await Promise.all(received)), sent);
  });

  test("both sides end streams", async (t) => {
    const primus = await connectPrimus(t, "substream", { substream });
    const farewell = primus.substream("farewell");
    farewell.write("is anybody there");
    const [said] = await Promise.all([collect(farewell, "data", 1), once(farewell, "end")]);
    assert.deepEqual(said, ["bye"]);
    const refused = primus.substream("refused");
    refused.write("let me in");
    await once(refused, "end");
    primus.substream(ECHO).end();
    const again = primus.substream(ECHO);
    again.write("again");
    assert.deepEqual(await collect(again, "data", 1), ["again"]);
  });

  test("the server serves our client", async (t) => {
    const server = await servePrimus(t, { substream }, (primus) => {
      primus.on("connection", (spark) => {
        for (const [name, answer] of [[ECHO, echoed], ["farewell", farewell]]) {
          const stream = spark.substream(name);
          stream.on("data", (data) => answer(stream, data));
        }
      });
    });
    assert.deepEqual(await useOurs(t, "substream", server), expected(echo));
  });
});

describe("websocket-multiplex 0.1", { timeout: 30_000 }, () => {
  test("the client's channels are apart, and keep their order", async (t) => {
    const channels = await connectSockJs(t);
    const names = [ECHO, "snow ☃", "a+b%2Cc"];
    const sent = names.map((_, index) => ["a,b,,c", "", ",", ...numbers(100, index).map(String)]);
    const received = await Promise.all(
      names.map((name, index) => {
        const channel = channels.channel(name);
        const received = collect(channel, "message", sent[index].length);
        channel.onopen = () => sent[index].forEach((text) => channel.send(text));
        return received;
      }),
    );
    assert.deepEqual(received.map((events) => events.map(({ data }) => data)), sent);
  });

  test("both sides close channels", async (t) => {
    const channels = await connectSockJs(t);
    const farewell = channels.channel("farewell");
    const [said] = await Promise.all([collect(farewell, "message", 1), collect(farewell, "close", 1)]);
    assert.equal(said[0].data, '"bye"');
    await collect(channels.channel("refused"), "close", 1);
    const channel = channels.channel("again");
    await collect(channel, "open", 1);
    channel.close();
    const again = channels.channel("again");
    const answer = collect(again, "message", 1);
    again.onopen = () => again.send("still here");
    assert.equal((await answer)[0].data, "still here");
  });

  test("the server serves our client", async (t) => {
    const service = sockjs.createServer({ prefix: "/multiplex", log: () => {} });
    const { MultiplexServer } = require("websocket-multiplex");
    const channels = new MultiplexServer(service);
    for (const [name, answer] of [
      [ECHO, (channel, text) => channel.write(`echo: ${text}`)],
      ["farewell", (channel) => channel.end('"bye"')],
    ]) {
      const registered = channels.registerChannel(name);
      registered.on("connection", (channel) => channel.on("data", (text) => answer(channel, text)));
    }
    const server = await listen(t, http.createServer());
    service.installHandlers(server);
    const address = `sockjs+http://127.0.0.1:${server.address().port}/multiplex`;
    assert.deepEqual(
      await useOurs(t, "websocket-multiplex", address),
      expected((text) => `echo: ${text}`),
    );
  });
});

describe("messages that end a process of the originals", { timeout: 30_000 }, () => {
  for (const [dialect, messages, open, answer] of [
    [
      "primus-multiplex",
      ["null", '[1,"i","__proto__"]', '[0,"toString","news","x"]', '[2,"i","constructor"]', "[[[[", ""],
      ['[1,"id","echo"]', '[0,"id","echo",1]'],
      '[0,"id","echo",1]',
    ],
    [
      "substream",
      ["null", '{"substream":"__proto__","args":1}', '{"substream":null}', "[]", ""],
      ['{"substream":"echo","args":1}'],
      '{"substream":"echo","args":1}',
    ],
    [
      "websocket-multiplex",
      ["msg,toString,x", "sub,__proto__", "msg,__proto__,x", "uns,toString", ",", ""],
      ["sub,echo", "msg,echo,1"],
      "msg,echo,1",
    ],
  ]) {
    test(`cost nothing but themselves: ${dialect}`, async (t) => {
      const server = await ourServer(t, dialect);
      const witness = await connectRaw(t, server);
      const hostile = await connectRaw(t, server);
      for (const message of messages) hostile.send(message);
      for (const socket of [witness, hostile]) {
        const answered = new Promise((resolve) => {
          socket.on("message", (data) => `${data}` === answer && resolve());
        });
        for (const message of open) socket.send(message);
        await answered;
      }
      assert.ok(server.running);
    });
  }
});

/** What our client tells of a server that answers so. */
function expected(answer) {
  const echoes = TEXTS.map((text) => `${text} => ${answer(text)}`);
  return [...echoes, 'farewell => "bye"', "closed with 1000 (normal)"];
}

/** As Primus sends it, which escapes what once was no JavaScript. */
function echo(text) {
  return `{"echo":${text.replace("\u2028", "\\u2028")}}`;
}

function echoed(channel, data) {
  channel.write({ echo: data });
}

function farewell(channel) {
  channel.end("bye");
}

function ourServer(t, dialect) {
  return startServer(t, "plimsoll-conformance", ["primus-multiplex", "--port", "0", "--dialect", dialect]);
}

/** Runs our client, and resolves to the lines that it prints. */
async function useOurs(t, dialect, url) {
  const args = ["primus-multiplex-client", "--url", url, "--dialect", dialect];
  const client = await startServer(t, "plimsoll-conformance", args, { ready: /closed with .*\n/ });
  return client.output.trim().split("\n");
}

async function connectPrimus(t, dialect, plugin, options = { strategy: false }) {
  const server = await ourServer(t, dialect);
  const Socket = Primus.createSocket({ ...OPTIONS, plugin });
  const primus = new Socket(`http://${server.address}`, options);
  t.after(() => primus.end());
  await once(primus, "open");
  return primus;
}

/** Starts a published server; returns where our client finds it. */
async function servePrimus(t, plugins, prepare) {
  const server = http.createServer();
  const primus = new Primus(server, OPTIONS);
  for (const [name, plugin] of Object.entries(plugins)) primus.plugin(name, plugin);
  prepare(primus);
  t.after(() => primus.destroy({ close: false }));
  await listen(t, server);
  return `ws://127.0.0.1:${server.address().port}/primus`;
}

async function connectSockJs(t) {
  const server = await ourServer(t, "websocket-multiplex");
  const socket = new SockJS(`http://${server.address}/multiplex`);
  t.after(() => socket.close());
  const WebSocketMultiplex = new Function(`${CLIENT_SOURCE}; return WebSocketMultiplex`)();
  return new WebSocketMultiplex(socket);
}

async function connectRaw(t, server) {
  const socket = new WebSocket(`ws://${server.address}/primus`);
  t.after(() => socket.close());
  await once(socket, "open");
  return socket;
}

async function listen(t, server) {
  t.after(() => server.close());
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** The first arguments of the next `count` events. */
function collect(target, event, count) {
  const received = [];
  return new Promise((resolve) => {
    const listener = (argument) => received.push(argument) === count && resolve(received);
    (target.on ?? target.addEventListener).call(target, event, listener);
  });
}

function numbers(count, first) {
  return Array.from({ length: count }, (_, index) => first * count + index + 1);
}

/** Values of the client's world as values of this one: the client runs in a context of its own. */
function ours(values) {
  return JSON.parse(JSON.stringify(values));
}

const OPTIONS = { transformer: "websockets", parser: "json", pingInterval: false };
const require = createRequire(import.meta.url);
// It is a script for browsers, and exports nothing.
const CLIENT_SOURCE = readFileSync(require.resolve("websocket-multiplex/multiplex_client.js"), "utf8");
