// The page of the example `chat` over Engine.IO and SockJS, with a member over WebSocket.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launchBrowser, screenshot } from "./browser.mjs";
import * as chat from "./chat.mjs";
import { becomes, linesOn, membersOn, memoryOf, sayOnPage } from "./chat.mjs";

describe("chat over Engine.IO", { timeout: 120_000 }, () => {
  for (const [query, used] of [
    ["?engineio=polling", ["polling"]],
    ["?engineio=websocket", ["websocket"]],
    ["", ["polling", "websocket"]],
  ]) {
    test(`a page talks by ${used.join(", then by ")}`, async (t) => {
      const { page, paths } = await converse(t, "Engine.IO", query);
      const seen = paths
        .filter((url) => url.pathname === "/engine.io/")
        .map((url) => url.searchParams.get("transport"));
      assert.deepEqual([...new Set(seen)], used);
      if (used.length > 1) await screenshot(page, "chat-engineio", { animations: "disabled" });
    });
  }
});

describe("chat over SockJS", { timeout: 180_000 }, () => {
  for (const [transport, used] of [
    ["websocket", "websocket"],
    ["xhr-streaming", "xhr_streaming"],
    ["eventsource", "eventsource"],
    ["htmlfile", "htmlfile"],
    ["xhr-polling", "xhr"],
    ["jsonp-polling", "jsonp"],
    ["iframe-eventsource", "eventsource"],
    ["iframe-htmlfile", "htmlfile"],
    ["iframe-xhr-polling", "xhr"],
  ]) {
    test(`a page talks by ${transport}`, async (t) => {
      const { page, paths } = await converse(t, "SockJS", `?sockjs=${transport}`);
      const ways = paths.map(({ pathname }) => /^\/sockjs\/\d+\/\w+\/(\w+)$/.exec(pathname)?.[1]);
      const receiving = ways.filter((way) => way && !/_send$/.test(way));
      assert.deepEqual([...new Set(receiving)], [used]);
      await screenshot(page, `chat-sockjs-${transport}`, { animations: "disabled" });
    });
  }
});

describe("chat over what there is", { timeout: 120_000 }, () => {
  test("a page offers what the server has libraries for", async (t) => {
    const browser = await launchBrowser(t);
    for (const [packages, names] of [
      [[], ["WebSocket", "WebSocket"]],
      [["sockjs-client/dist/sockjs.min.js"], ["WebSocket", "WebSocket", "SockJS"]],
    ]) {
      const files = packages.flatMap((file) => ["--library", `${NODE_MODULES}/${file}`]);
      const room = await chat.startChat(t, 0, files);
      const page = await chat.enter(t, browser, room.http, "Paula");
      assert.deepEqual(await page.locator(".transport b").allTextContents(), names);
    }
  });

  test("a narrow page has room for all", async (t) => {
    const [browser, room] = await start(t);
    const narrow = { viewport: { width: 390, height: 780 } };
    const phone = await chat.enter(t, browser, room.http, "Finn", narrow);
    const widths = () => [document.documentElement.scrollWidth, innerWidth];
    const [content, viewport] = await phone.evaluate(widths);
    assert.ok(content <= viewport, `${content} pixels in ${viewport}`);
    await screenshot(phone, "chat-transports-narrow", { animations: "disabled" });
  });

  test("changing over between all transports loses and doubles nothing", async (t) => {
    const [browser, room] = await start(t);
    const page = await chat.enter(t, browser, room.http, "Paula");
    const nora = await chat.WsMember.join(t, room.ws, "Nora");
    const [said, typed] = [[], []];
    for (const name of ["Engine.IO", "SockJS", "MessagePack", "SockJS", "Engine.IO"]) {
      const number = said.length;
      for (const list of [said, typed]) list.push(`${number} before`, `${number} while`);
      nora.say(`${number} before`);
      await sayOnPage(page, `${number} before`);
      await page.getByLabel(name).check();
      nora.say(`${number} while`);
      await sayOnPage(page, `${number} while`);
      const way = name === "MessagePack" ? "WebSocket · MessagePack" : `${name} · JSON`;
      await becomes(async () => (await membersOn(page)).Paula, way);
    }
    await becomes(() => nora.heardFrom("Paula"), typed);
    await becomes(() => linesOn(page, "Nora"), said);
    await becomes(() => linesOn(page, "Paula"), typed);
    assert.equal(await page.locator(".note", { hasText: "ashore" }).count(), 0);
  });

  for (const [name, query] of [["Engine.IO", "?engineio=polling"], ["SockJS", "?sockjs=xhr-polling"]]) {
    test(`a page comes back over ${name} after its connection was cut`, async (t) => {
      const [browser, room] = await start(t);
      const cable = await chat.cable(t, room.http);
      const page = await chat.enter(t, browser, `${cable.url}${query}`, "Paula");
      const nora = await chat.WsMember.join(t, room.ws, "Nora");
      await page.getByLabel(name).check();
      await becomes(async () => (await membersOn(page)).Paula, `${name} · JSON`);
      await sayOnPage(page, "one");
      await becomes(() => nora.heardFrom("Paula"), ["one"]);
      page.removeAllListeners("console"); // The browser tells of each request that fails.
      cable.cut();
      await sayOnPage(page, "two");
      nora.say("meanwhile");
      await becomes(() => nora.heardFrom("Paula"), ["one", "two"]);
      await becomes(() => linesOn(page, "Nora"), ["meanwhile"]);
      await becomes(() => linesOn(page, "Paula"), ["one", "two"]);
    });
  }
});

describe("chat in two tabs", { timeout: 60_000 }, () => {
  for (const name of ["Engine.IO", "SockJS"]) {
    test(`a conversation over ${name} goes on in one tab at a time`, async (t) => {
      const [browser, room] = await start(t);
      const page = await chat.enter(t, browser, room.http, "Paula");
      await page.getByLabel(name).check();
      await becomes(async () => (await memoryOf(page)).transport, name.toLowerCase().replace(".", ""));
      const other = await page.context().newPage();
      await other.goto(room.http);
      await other.evaluate((memory) => Object.assign(sessionStorage, memory), await memoryOf(page));
      await other.reload();
      await page.getByText("Continued in another tab").waitFor();
      await page.bringToFront(); // browsers slow down tabs that nobody sees
      await page.getByRole("button", { name: "Continue here" }).click();
      await other.getByText("Continued in another tab").waitFor();
      await sayOnPage(page, "here again");
      await becomes(() => linesOn(page, "Paula"), ["here again"]);
      assert.equal((await membersOn(page)).Paula, `${name} · JSON`);
    });
  }
});

/** Has a page and a member over WebSocket talk, once the page has changed over to `name`. */
async function converse(t, name, query) {
  const [browser, room] = await start(t);
  const page = await chat.enter(t, browser, `${room.http}/${query}`, "Paula");
  const nora = await chat.WsMember.join(t, room.ws, "Nora");
  const paths = [];
  page.on("request", (request) => paths.push(new URL(request.url())));
  page.on("websocket", (socket) => paths.push(new URL(socket.url())));

  await sayOnPage(page, "Here by WebSocket.");
  await page.getByLabel(name).check();
  await becomes(async () => (await membersOn(page)).Paula, `${name} · JSON`);
  nora.say("Can you hear me?");
  await becomes(() => linesOn(page, "Nora"), ["Can you hear me?"]);
  await sayOnPage(page, "Loud and clear: Grüße </script>");
  await sayOnPage(page, `By ${name} now.`);
  const lines = ["Here by WebSocket.", "Loud and clear: Grüße </script>", `By ${name} now.`];
  await becomes(() => nora.heardFrom("Paula"), lines);
  await becomes(() => linesOn(page, "Paula"), lines);
  assert.equal(await page.locator(".unheard").count(), 0);
  return { page, paths };
}

/** The browser ends before the server: a page that misses it makes requests that fail. */
async function start(t) {
  const browser = await launchBrowser(t);
  return [browser, await chat.startChat(t, 0, ["--node-modules", NODE_MODULES])];
}

const NODE_MODULES = fileURLToPath(new URL("node_modules", import.meta.url));
