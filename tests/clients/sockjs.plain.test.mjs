// Clients that speak SockJS without its client: EventSource, fetch and WebSocket.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";

import { EventSource } from "eventsource";
import WebSocket from "ws";

import { startServer } from "./server.mjs";

describe("sockjs, EventSource", { timeout: 60_000 }, () => {
  test("each event is a frame", async (t) => {
    const url = `http://${(await services(t)).address}/echo/000/events`;
    const next = listen(t, `${url}/eventsource`);
    assert.equal(await next(), "o");
    for (const texts of [["a", "é"], ["\n\r\0 </script>"], ["x".repeat(3000)]]) {
      assert.equal(await send(url, texts), 204);
      assert.deepEqual(JSON.parse(decodeURI((await next()).slice(1))), texts);
    }
  });

  test("a percent sign is none of the encoding", async (t) => {
    const url = `http://${(await services(t)).address}/echo/000/percent`;
    const next = listen(t, `${url}/eventsource`);
    assert.equal(await next(), "o");
    await send(url, ["100% %41"]);
    assert.equal(decodeURI(await next()), 'a["100% %41"]');
  });

  test("it comes back by itself when a response is long enough", async (t) => {
    const url = `http://${(await services(t)).address}/echo/000/again`;
    const next = listen(t, `${url}/eventsource`);
    assert.equal(await next(), "o");
    const long = "x".repeat(5000);
    await send(url, [long]);
    assert.equal(await next(), `a["${long}"]`);
    await send(url, ["after it"]);
    assert.equal(await next(), 'a["after it"]');
  });

  /** Listens at `url`; the function that is returned resolves to the next event. */
  function listen(t, url) {
    const events = new EventSource(url);
    t.after(() => events.close());
    const frames = [];
    let wake = () => {};
    events.onmessage = ({ data }) => (frames.push(data), wake());
    return async () => {
      while (!frames.length) await new Promise((resolve) => (wake = resolve));
      return frames.shift();
    };
  }
});

describe("sockjs, fetch", { timeout: 60_000 }, () => {
  test("a session is polled", async (t) => {
    const url = `http://${(await services(t)).address}/echo/000/fetched`;
    const poll = async () => (await fetch(`${url}/xhr`, { method: "POST" })).text();
    assert.equal(await poll(), "o\n");
    const sent = await fetch(`${url}/xhr_send`, { method: "POST", body: '["a","é\\ud800"]' });
    assert.deepEqual([sent.status, await sent.text()], [204, ""]);
    assert.equal(await poll(), 'a["a","é\\ufffd"]\n');
  });

  test("a session is closed to every later request", async (t) => {
    const url = `http://${(await services(t)).address}/close/000/late`;
    const poll = async () => (await fetch(`${url}/xhr`, { method: "POST" })).text();
    assert.equal(await poll(), "o\n");
    for (let late = 0; late < 3; late++) assert.equal(await poll(), 'c[3000,"Go away!"]\n');
    const sent = await fetch(`${url}/xhr_send`, { method: "POST", body: '["a"]' });
    assert.equal(sent.status, 204);
  });

  test("a session is streamed, a frame at a time", async (t) => {
    const url = `http://${(await services(t)).address}/echo/000/streamed`;
    const { next, response } = await stream(t, url);
    assert.match(response.headers.get("content-type"), /^application\/javascript/);
    assert.equal(await next(), "h".repeat(2048));
    assert.equal(await next(), "o");
    for (const text of ["a", "é 👋", "\u2028"]) {
      await send(url, [text]);
      const frame = await next();
      assert.equal(frame[0], "a");
      assert.deepEqual(JSON.parse(frame.slice(1)), [text]);
    }
  });

  test("a response that is long enough ends, and the next goes on", async (t) => {
    const url = `http://${(await services(t)).address}/echo/000/long`;
    const first = await stream(t, url);
    assert.deepEqual([(await first.next()).length, await first.next()], [2048, "o"]);
    const long = "x".repeat(5000);
    await send(url, [long]);
    assert.deepEqual([await first.next(), await first.next()], [`a["${long}"]`, undefined]);
    await send(url, ["after it"]);
    const second = await stream(t, url);
    assert.deepEqual([(await second.next()).length, await second.next()], [2048, 'a["after it"]']);
  });

  test("a second response is told of the first", async (t) => {
    const url = `http://${(await services(t)).address}/echo/000/second`;
    const first = await stream(t, url);
    assert.deepEqual([(await first.next()).length, await first.next()], [2048, "o"]);
    const second = await stream(t, url);
    const told = [(await second.next()).length, await second.next(), await second.next()];
    assert.deepEqual(told, [2048, 'c[2010,"Another connection still open"]', undefined]);
    await send(url, ["still here"]);
    assert.equal(await first.next(), 'a["still here"]');
  });

  /** Opens a response; `next` resolves to its next line, to nothing at its end. */
  async function stream(t, url) {
    const abort = new AbortController();
    t.after(() => abort.abort());
    const { signal } = abort;
    const response = await fetch(`${url}/xhr_streaming`, { method: "POST", signal });
    const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const next = async () => {
      while (!text.includes("\n")) {
        const { done, value } = await chunks.read();
        if (done) return undefined;
        text += value;
      }
      const line = text.slice(0, text.indexOf("\n"));
      text = text.slice(line.length + 1);
      return line;
    };
    return { next, response };
  }
});

describe("sockjs, WebSocket", { timeout: 60_000 }, () => {
  test("a raw WebSocket has no framing", async (t) => {
    const server = await services(t);
    const socket = new WebSocket(`ws://${server.address}/echo/websocket`);
    t.after(() => socket.terminate());
    await once(socket, "open");
    const answer = once(socket, "message");
    socket.send('["a"]');
    assert.equal(`${(await answer)[0]}`, '["a"]');
    const closed = once(socket, "close");
    socket.close(4001, "going home");
    assert.equal((await closed)[0], 4001);
  });

  test("a raw WebSocket that is closed is told why", async (t) => {
    const server = await services(t);
    const socket = new WebSocket(`ws://${server.address}/close/websocket`);
    const [code, reason] = await once(socket, "close");
    assert.deepEqual([code, `${reason}`], [3000, "Go away!"]);
  });

  test("a framed WebSocket has each frame as a message", async (t) => {
    const server = await services(t);
    const socket = new WebSocket(`ws://${server.address}/echo/000/a/websocket`);
    t.after(() => socket.terminate());
    const frames = [];
    socket.on("message", (data) => frames.push(`${data}`));
    const next = async () => {
      while (!frames.length) await once(socket, "message");
      return frames.shift();
    };
    assert.equal(await next(), "o");
    for (const ignored of ["", "[]"]) socket.send(ignored);
    socket.send('["a","b"]');
    socket.send('"c"');
    assert.deepEqual([await next(), await next(), await next()], ['a["a"]', 'a["b"]', 'a["c"]']);
    const closed = once(socket, "close");
    socket.send('["a');
    const [code, reason] = await closed;
    assert.deepEqual([code, `${reason}`, frames], [3000, "Broken framing.", []]);
  });
});

function services(t) {
  return startServer(t, "plimsoll-conformance", ["sockjs", "--port", "0"]);
}

/** Sends `texts` to the session at `url`, and resolves to the status. */
async function send(url, texts) {
  const body = JSON.stringify(texts);
  return (await fetch(`${url}/xhr_send`, { method: "POST", body })).status;
}
