// The example `chat`: Chromium, Node's `ws`, terminals and the harbour master in one room.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { launchBrowser, screenshot } from "./browser.mjs";
import * as chat from "./chat.mjs";
import { becomes, linesOn, membersOn, memoryOf, sayOnPage } from "./chat.mjs";

describe("chat", { timeout: 120_000 }, () => {
  test("members on every transport see each other's lines", async (t) => {
    const room = await chat.startChat(t);
    const page = await chat.enter(t, await launchBrowser(t), room.http, "Paula");
    const nora = await chat.WsMember.join(t, room.ws, "Nora");
    const tess = await chat.startClient(t, room.tcp, "Tess");
    const uma = await chat.startClient(t, room.unix, "Uma");

    await sayOnPage(page, "ahoy from the page");
    nora.say("ahoy from Node");
    tess.type("ahoy from TCP");
    uma.type("ahoy from a Unix socket");

    const ahoys = [
      ["Nora", "websocket", "ahoy from Node"],
      ["Paula", "websocket", "ahoy from the page"],
      ["Tess", "tcp", "ahoy from TCP"],
      ["Uma", "unix", "ahoy from a Unix socket"],
    ];
    for (const [name, transport, text] of ahoys) {
      await page.locator(".line .text", { hasText: text }).waitFor();
      await becomes(() => nora.heardFrom(name), [text]);
      for (const [client, own] of [[tess, "Tess"], [uma, "Uma"]]) {
        if (name !== own) await client.until(new RegExp(`^${name} \\(${transport}\\): ${text}$`, "m"));
      }
    }

    // The harbour master hears each, and is heard by each, over memory.
    const ask = { Nora: () => nora.say("time"), Paula: () => sayOnPage(page, "Time?") };
    Object.assign(ask, { Tess: () => tess.type("time"), Uma: () => uma.type("time") });
    for (const [name, asks] of Object.entries(ask)) {
      await asks();
      const answer = `It is \\d\\d:\\d\\d UTC, ${name}\\.`;
      await page.locator(".line .text", { hasText: new RegExp(answer) }).waitFor();
      for (const client of [tess, uma]) await client.until(new RegExp(`^Harbour master \\(memory\\): ${answer}$`, "m"));
      const heard = () => nora.heardFrom("Harbour master").some((text) => new RegExp(answer).test(text));
      await becomes(heard, true);
    }

    await becomes(() => membersOn(page), {
      "Harbour master": "In process · MessagePack",
      Nora: "WebSocket · JSON",
      Paula: "WebSocket · JSON",
      Tess: "TCP · MessagePack",
      Uma: "Unix socket · MessagePack",
    });
  });

  test("changing over to another transport loses and doubles nothing", async (t) => {
    const room = await chat.startChat(t);
    const page = await chat.enter(t, await launchBrowser(t), room.http, "Paula");
    const nora = await chat.WsMember.join(t, room.ws, "Nora");
    const [said, typed] = [[], []];
    for (let change = 0; change < 6; change++) {
      const way = change % 2 ? "JSON, as text" : "MessagePack, as binary";
      // Before, while and after the page changes over.
      for (const list of [said, typed]) list.push(`${change} before`, `${change} while`);
      nora.say(`${change} before`);
      await sayOnPage(page, `${change} before`);
      await page.getByLabel(way).check();
      nora.say(`${change} while`);
      await sayOnPage(page, `${change} while`);
      const encoding = change % 2 ? "JSON" : "MessagePack";
      await becomes(async () => (await membersOn(page)).Paula, `WebSocket · ${encoding}`);
    }
    await becomes(() => nora.heardFrom("Paula"), typed);
    await becomes(() => linesOn(page, "Nora"), said);
    await becomes(() => linesOn(page, "Paula"), typed);
    assert.equal(await page.locator(".unheard").count(), 0);
    assert.equal(await page.locator(".note", { hasText: "ashore" }).count(), 0);
  });

  test("a page comes back after its connection was cut", async (t) => {
    const room = await chat.startChat(t);
    const cable = await chat.cable(t, room.http);
    const page = await chat.enter(t, await launchBrowser(t), cable.url, "Paula");
    const nora = await chat.WsMember.join(t, room.ws, "Nora");
    await sayOnPage(page, "one");
    await becomes(() => nora.heardFrom("Paula"), ["one"]);
    cable.cut();
    await sayOnPage(page, "two");
    nora.say("meanwhile");
    await becomes(() => nora.heardFrom("Paula"), ["one", "two"]);
    await becomes(() => linesOn(page, "Nora"), ["meanwhile"]);
    await becomes(() => linesOn(page, "Paula"), ["one", "two"]);
    await page.reload();
    await becomes(() => linesOn(page, "Paula"), ["one", "two"]);
  });

  test("a terminal comes back after its connection was cut", async (t) => {
    const room = await chat.startChat(t);
    const cable = await chat.cable(t, room.tcp);
    const nora = await chat.WsMember.join(t, room.ws, "Nora");
    const tess = await chat.startClient(t, cable.url, "Tess");
    tess.type("one");
    await becomes(() => nora.heardFrom("Tess"), ["one"]);
    cable.cut();
    tess.type("two");
    nora.say("meanwhile");
    tess.type("three");
    await becomes(() => nora.heardFrom("Tess"), ["one", "two", "three"]);
    await tess.until(/^Nora \(websocket\): meanwhile$/m);
    assert.equal(tess.output.match(/meanwhile/g).length, 1);
  });

  test("a page outlives a restart of the server", async (t) => {
    const first = await chat.startChat(t);
    const page = await chat.enter(t, await launchBrowser(t), first.http, "Paula");
    await sayOnPage(page, "before");
    await becomes(() => linesOn(page, "Paula"), ["before"]);
    await first.server.stop();
    await sayOnPage(page, "in between");
    const second = await chat.startChat(t, new URL(first.http).port);
    const nora = await chat.WsMember.join(t, second.ws, "Nora");
    await becomes(() => nora.heardFrom("Paula"), ["in between"]);
    await becomes(() => linesOn(page, "Paula"), ["in between"]);
  });

  test("a conversation goes on in one tab at a time", async (t) => {
    const room = await chat.startChat(t);
    const page = await chat.enter(t, await launchBrowser(t), room.http, "Paula");
    const other = await page.context().newPage();
    await other.goto(room.http);
    await other.evaluate((memory) => Object.assign(sessionStorage, memory), await memoryOf(page));
    await other.reload();
    await page.getByText("Continued in another tab").waitFor();
    await page.getByRole("button", { name: "Continue here" }).click();
    await other.getByText("Continued in another tab").waitFor();
    await sayOnPage(page, "here again");
    await becomes(() => linesOn(page, "Paula"), ["here again"]);
    assert.equal((await membersOn(page)).Paula, "WebSocket · JSON");
  });

  test("markup is text", async (t) => {
    const room = await chat.startChat(t);
    const page = await chat.enter(t, await launchBrowser(t), room.http, "Paula");
    const markup = '<img src=x onerror="document.title = 1"><script>document.title = 2</script>';
    const eve = await chat.WsMember.join(t, room.ws, "<b>Eve</b>");
    eve.say(markup);
    await becomes(() => linesOn(page, "<b>Eve</b>"), [markup]);
    assert.equal((await membersOn(page))["<b>Eve</b>"], "WebSocket · JSON");
    assert.equal(await page.locator("#lines img, #lines script, #lines b b, #members b").count(), 0);
    assert.equal(await page.title(), "Harbour chat");
  });

  test("who breaks the rules is sent away alone", async (t) => {
    const room = await chat.startChat(t);
    const nora = await chat.WsMember.join(t, room.ws, "Nora");
    for (const [message, expected] of [
      ["no JSON", 1007],
      ['{"type":"say","id":1,"text":""}', 1007],
      [`{"type":"say","id":1,"text":"${"x".repeat(501)}"}`, 1007],
      ['{"type":"hello","name":"Max"}', 1008],
      ["x".repeat(70_000), 1009],
    ]) {
      const max = await chat.WsMember.join(t, room.ws, "Max");
      const closed = max.closed;
      max.send(message);
      assert.equal((await closed)[0], expected, message.slice(0, 40));
    }
    nora.say("still here");
    await becomes(() => nora.heardFrom("Nora"), ["still here"]);
  });

  test("the page looks like this", async (t) => {
    const room = await chat.startChat(t);
    const browser = await launchBrowser(t);
    const page = await chat.enter(t, browser, room.http, "Paula");
    const tess = await chat.startClient(t, room.tcp, "Tess");
    const uma = await chat.startClient(t, room.unix, "Uma");
    const nora = await chat.WsMember.join(t, room.ws, "Nora");
    const say = { Tess: (text) => tess.type(text), Uma: (text) => uma.type(text) };
    Object.assign(say, { Nora: (text) => nora.say(text), Paula: (text) => sayOnPage(page, text) });
    await page.getByLabel("MessagePack").check();
    await becomes(async () => (await membersOn(page)).Paula, "WebSocket · MessagePack");
    for (const [name, text] of CONVERSATION) {
      await say[name](text);
      await becomes(() => nora.heardFrom(name).includes(text), true);
    }
    await screenshot(page, "chat", { animations: "disabled" });

    const narrow = { viewport: { width: 390, height: 780 }, colorScheme: "dark" };
    const phone = await chat.enter(t, browser, room.http, "Finn", narrow);
    await phone.locator(".line .text", { hasText: "Welcome aboard, Finn" }).waitFor();
    const widths = () => [document.documentElement.scrollWidth, innerWidth];
    const [content, viewport] = await phone.evaluate(widths);
    assert.ok(content <= viewport, `${content} pixels in ${viewport}`);
    await screenshot(phone, "chat-narrow", { animations: "disabled" });
    await phone.setViewportSize({ width: 1200, height: 760 });
    await screenshot(phone, "chat-dark", { animations: "disabled" });
  });
});

const CONVERSATION = [
  ["Tess", "Anyone else on a plain TCP socket, or is it only me?"],
  ["Uma", "Unix socket here. Same box as the server."],
  ["Nora", "WebSocket from a Node script."],
  ["Paula", "And a browser. I changed over to MessagePack in the middle, and missed nothing."],
  ["Paula", "The badges say who came by what."],
  ["Tess", "time"],
  ["Uma", "The harbour master runs in the server's own process. Four transports, one handler."],
];
