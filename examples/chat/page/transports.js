// The ways from this page to the room. One more is one more entry of the table.

import * as messagepack from "./messagepack.js";

/**
 * Each `open(on)` starts a connection and returns `{ send(value), close() }`. It calls `on.open()`,
 * `on.message(value)`, and at the end, once, `on.close({ code, reason })`.
 */
export const TRANSPORTS = [
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
];

const MESSAGEPACK = {
  encode: messagepack.encode,
  decode: (data) => messagepack.decode(new Uint8Array(data)),
};

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
