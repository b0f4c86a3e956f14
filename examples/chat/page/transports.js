// The ways from this page to the room. One more is one more entry of the table.

import * as messagepack from "./messagepack.js";

/**
 * Each `open(on)` starts a connection and returns `{ send(value), close() }`. It calls `on.open()`,
 * `on.message(value)`, and at the end, once, `on.close({ code, reason })`.
 */
const ALL = [
  {
    id: "websocket-json",
    name: "WebSocket",
    detail: "JSON, as text",
    open: (on) => openWebSocket("json", { encode: JSON.stringify, decode: JSON.parse }, on),
  },
  {
    id: "websocket-msgpack",
    name: "WebSocket",
    detail: "MessagePack, as binary",
    open: (on) => openWebSocket("msgpack", MESSAGEPACK, on),
  },
  {
    id: "engineio",
    name: "Engine.IO",
    detail: "JSON, as text",
    library: "eio",
    open: openEngineIo,
  },
  {
    id: "sockjs",
    name: "SockJS",
    detail: "JSON, as text",
    library: "SockJS",
    open: openSockJs,
  },
  {
    id: "primus",
    name: "Primus",
    detail: "JSON, as text",
    library: "Primus",
    open: openPrimus,
  },
];

/** Those that can be used here: the server has the libraries for some, or has them not. */
export const TRANSPORTS = await loadLibraries().then(() =>
  ALL.filter(({ library }) => library === undefined || library in globalThis),
);

const MESSAGEPACK = {
  encode: messagepack.encode,
  decode: (data) => messagepack.decode(new Uint8Array(data)),
};

async function loadLibraries() {
  const names = await fetch("/libraries/").then((response) => response.json());
  const load = (name) =>
    new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = `/libraries/${encodeURIComponent(name)}`;
      script.onload = script.onerror = resolve;
      document.head.append(script);
    });
  await Promise.all(names.map(load));
}

/** The subprotocol tells the server which encoding this side wants. */
function openWebSocket(subprotocol, { encode, decode }, on) {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, subprotocol);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => on.open();
  socket.onmessage = ({ data }) => on.message(decode(data));
  socket.onclose = ({ code, reason }) => on.close({ code, reason });
  return {
    // What cannot be sent any more is said again over the next connection.
    send: (value) => socket.readyState === WebSocket.OPEN && socket.send(encode(value)),
    close: () => socket.close(1000),
  };
}

function openEngineIo(on) {
  const socket = globalThis.eio(location.origin, choice("engineio"));
  socket.on("open", () => on.open());
  socket.on("message", (data) => on.message(JSON.parse(data)));
  // The protocol has no codes for how a connection ends.
  socket.on("close", (reason) => on.close({ code: 1006, reason }));
  return {
    send: (value) => socket.readyState === "open" && socket.send(JSON.stringify(value)),
    close: () => socket.close(),
  };
}

function openSockJs(on) {
  const socket = new globalThis.SockJS("/sockjs", null, choice("sockjs"));
  socket.onopen = () => on.open();
  socket.onmessage = ({ data }) => on.message(JSON.parse(data));
  // It says 1002 where WebSocket says 1006: the connection was lost, or none was made.
  socket.onclose = ({ code, reason }) => on.close({ code: code === 1002 ? 1006 : code, reason });
  return {
    send: (value) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(value)),
    close: () => socket.close(1000),
  };
}

function openPrimus(on) {
  // The page comes back by itself.
  const socket = new globalThis.Primus(location.origin, { strategy: false });
  let isMeant = false;
  socket.on("open", () => on.open());
  socket.on("data", (value) => on.message(value));
  // It says that a server means a close, and no more.
  socket.on("incoming::data", (data) => (isMeant ||= data === '"primus::server::close"'));
  socket.on("end", () => on.close({ code: isMeant ? 1000 : 1006, reason: "" }));
  return {
    send: (value) => socket.readyState === globalThis.Primus.OPEN && socket.write(value),
    close: () => socket.end(),
  };
}

/** The library's own transports that the page's address names, for example `?sockjs=xhr-polling`. */
function choice(library) {
  const names = new URLSearchParams(location.search).get(library);
  return names ? { transports: names.split(",") } : {};
}
