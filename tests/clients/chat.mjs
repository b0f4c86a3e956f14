// The example `chat`, and members that are written by others.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import WebSocket from "ws";

import { startServer } from "./server.mjs";

/**
 * Starts the chat, with `more` options, and resolves to where it listens, and to the `server`
 * itself.
 */
export async function startChat(t, port = 0, more = []) {
  const folder = mkdtempSync(join(tmpdir(), "chat-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const options = ["--port", `${port}`, "--tcp-port", "0", "--unix", join(folder, "chat.sock"), ...more];
  const ready = /on (http:\S+)\n.* on (tcp:\S+)\n.* on (unix:\S+)\n/;
  const server = await startServer(t, "examples/chat", options, { ready });
  const [, http, tcp, unix] = server.match;
  return { server, http, tcp, unix, ws: `${http.replace("http", "ws")}/ws` };
}

/** Starts `chat_client`: its `type(line)` says a line. */
export function startClient(t, url, name) {
  return startServer(t, "examples/chat_client", [url, "--name", name], { ready: /on board: / });
}

/** Opens the page and enters the room. A script error, or one of the policy, fails test `t`. */
export async function enter(t, browser, url, name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 760 }, ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/WebSocket connection/.test(message.text())) {
      errors.push(message.text());
    }
  });
  t.after(() => assert.deepEqual(errors, []));
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Enter the room" }).click();
  await page.getByRole("status").getByText("Connected", { exact: true }).waitFor();
  return page;
}

export async function sayOnPage(page, text) {
  await page.getByLabel("Your line").fill(text);
  await page.keyboard.press("Enter");
}

/** The list of who is on board: the way of each by name. */
export async function membersOn(page) {
  const items = await page.locator("#members .member").all();
  const pairs = items.map(async (item) => [
    await item.locator(".name").textContent(),
    await item.locator(".badge").textContent(),
  ]);
  return Object.fromEntries(await Promise.all(pairs));
}

export function linesOn(page, name) {
  const texts = (lines, name) =>
    lines
      .filter((line) => line.querySelector(".name").textContent === name)
      .map((line) => line.querySelector(".text").textContent);
  return page.locator(".line:not(.unheard)").evaluateAll(texts, name);
}

/** What the tab of `page` remembers. */
export function memoryOf(page) {
  return page.evaluate(() => ({ ...sessionStorage }));
}

/** A member written with Node's `ws`, without a subprotocol: in JSON. */
export class WsMember {
  said = [];
  #socket;
  #lastId = 0;

  static async join(t, url, name) {
    const member = new WsMember();
    const socket = (member.#socket = new WebSocket(url));
    t.after(() => socket.terminate());
    socket.on("message", (data) => {
      const message = JSON.parse(data);
      if (message.type === "said") member.said.push(message);
    });
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "hello", name }));
    await once(socket, "message");
    return member;
  }

  say(text) {
    this.#socket.send(JSON.stringify({ type: "say", id: ++this.#lastId, text }));
  }

  send(data) {
    this.#socket.send(data);
  }

  close(code) {
    this.#socket.close(code);
  }

  get closed() {
    return once(this.#socket, "close");
  }

  /** What one member said, in the order heard. */
  heardFrom(name) {
    return this.said.filter(({ from }) => from.name === name).map(({ text }) => text);
  }
}

/** A cable that can be cut: passes bytes on to `url`, until `cut()`. */
export async function cable(t, url) {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(port, hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from.on("error", () => {}).on("close", () => (sockets.delete(from), to.destroy())));
      from.pipe(to);
    }
  });
  const cut = () => sockets.forEach((socket) => socket.destroy());
  t.after(() => (cut(), server.close()));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const at = new URL(url.replace(/^tcp/, "http"));
  at.port = server.address().port;
  return { cut, url: url.startsWith("tcp") ? `tcp://${at.host}` : at.href };
}

/** Waits until `check` resolves to what is `expected`, and fails with the difference if not. */
export async function becomes(check, expected, timeout = 15_000) {
  const deadline = Date.now() + timeout;
  for (;;) {
    try {
      return assert.deepEqual(await check(), expected);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
