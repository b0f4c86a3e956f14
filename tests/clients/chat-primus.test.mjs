// Users of Primus, `ws`, engine.io-client and sockjs-client in one room of the example `chat`.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { Socket as EngineIo } from "engine.io-client";
import Primus from "primus";
import SockJS from "sockjs-client";
import WebSocket from "ws";

import { launchBrowser } from "./browser.mjs";
import * as chat from "./chat.mjs";
import { becomes, linesOn, sayOnPage } from "./chat.mjs";

describe("chat with users of Primus", { timeout: 120_000 }, () => {
  test("published clients of every kind share a room", async (t) => {
    const room = await chat.startChat(t);
    const members = await Promise.all(
      Object.entries(WAYS).map(([name, open]) => Member.join(t, name, open(room))),
    );
    for (const member of members) member.say(`ahoy from ${member.name}`);
    const expected = members.map(({ name }) => [name, `ahoy from ${name}`]).sort();
    for (const member of members) {
      const heard = () => member.heard.filter(([name]) => name in WAYS).sort();
      await becomes(heard, expected);
    }
  });

  test("a user of Primus comes back to the room after a restart of the server", async (t) => {
    const room = await chat.startChat(t);
    const { port } = new URL(room.http);
    const primus = WAYS["Primus over websockets"](room);
    await Member.join(t, "Pam", primus);
    const reopened = new Promise((resolve) => primus.client.on("reconnected", resolve));
    await room.server.stop();
    const again = await chat.startChat(t, port);
    await reopened;
    const pam = await Member.join(t, "Pam", primus);
    const nora = await chat.WsMember.join(t, again.ws, "Nora");
    pam.say("back again");
    await becomes(() => nora.heardFrom("Pam"), ["back again"]);
  });

  test("a page talks by the library of Primus", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "primus-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const library = join(folder, "primus.js");
    const primus = new Primus(createServer(), { parser: "json" });
    t.after(() => primus.destroy()); // its timer keeps Node from ending
    writeFileSync(library, primus.library());
    const room = await chat.startChat(t, 0, ["--library", library]);
    const page = await chat.enter(t, await launchBrowser(t), room.http, "Paula");
    const nora = await chat.WsMember.join(t, room.ws, "Nora");
    await page.locator(".transport", { hasText: "Primus" }).click();
    await sayOnPage(page, "ahoy by Primus");
    nora.say("ahoy");
    await becomes(() => nora.heardFrom("Paula"), ["ahoy by Primus"]);
    await becomes(() => linesOn(page, "Nora"), ["ahoy"]);
  });
});

/** Each opens a connection to the room, with `send`, and calls `on.open` and `on.message`. */
const WAYS = {
  ws({ ws }) {
    const client = new WebSocket(ws);
    return overSocket(client, (listen) => client.on("message", listen));
  },
  "engine.io-client"({ http }) {
    const client = new EngineIo(http);
    return overSocket(client, (listen) => client.on("message", listen));
  },
  "sockjs-client"({ http }) {
    const client = new SockJS(`${http}/sockjs`);
    const open = new Promise((resolve) => (client.onopen = resolve));
    const listen = (listener) => (client.onmessage = ({ data }) => listener(JSON.parse(data)));
    return { open, listen, send: (value) => client.send(JSON.stringify(value)), close: () => client.close() };
  },
  ...Object.fromEntries(
    ["websockets", "engine.io", "sockjs"].map((transformer) => [
      `Primus over ${transformer}`,
      ({ http }) => {
        const client = new (Primus.createSocket({ transformer, parser: "json" }))(http);
        const open = new Promise((resolve) => client.on("open", resolve));
        const listen = (listener) => client.on("data", listener);
        return { client, open, listen, send: (value) => client.write(value), close: () => client.end() };
      },
    ]),
  ),
};

function overSocket(client, listen) {
  const open = new Promise((resolve) => client.on("open", resolve));
  return {
    open,
    listen: (listener) => listen((data) => listener(JSON.parse(data))),
    send: (value) => client.send(JSON.stringify(value)),
    close: () => client.close(),
  };
}

/** A member of the room, over whatever connection. */
class Member {
  /** Who said what. */
  heard = [];
  #connection;
  #lastId = 0;

  constructor(name, connection) {
    this.name = name;
    this.#connection = connection;
  }

  static async join(t, name, connection) {
    const member = new Member(name, connection);
    t.after(() => connection.close());
    await connection.open;
    const welcomed = new Promise((resolve) =>
      connection.listen((message) => {
        if (message.type === "welcome") resolve();
        if (message.type === "said") member.heard.push([message.from.name, message.text]);
      }),
    );
    connection.send({ type: "hello", name });
    await welcomed;
    return member;
  }

  say(text) {
    this.#connection.send({ type: "say", id: ++this.#lastId, text });
  }
}
