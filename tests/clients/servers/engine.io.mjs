// An Engine.IO server for tests of clients: node servers/engine.io.mjs [OPTIONS AS JSON]
//
// It echoes, and obeys these messages:
//   close      closes the session
//   transport  answers by what the session travels
//   burst N    sends the numbers from 0 to N - 1
//   silence    sends no more pings
//   headers    answers the headers of the first request
//   cookies    answers the cookies of the last request
//   exit       ends the process
//   leave      closes the session, and the process when nothing is left of it
//   farewell   the same, after it has echoed

import { createServer } from "node:http";

import { Server } from "engine.io";

const options = JSON.parse(process.argv[2] ?? "{}");
const http = createServer((_, response) => response.writeHead(404).end());
const engine = new Server({
  ...options,
  allowRequest: (request, answer) => {
    const refused = new URL(request.url, "http://here").searchParams.has("deny");
    answer(refused ? "not you" : null, !refused);
  },
});
if (options.brokenWebSocket) {
  // As by a proxy that does not know WebSocket.
  http.on("upgrade", (_, socket) => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  engine.handleUpgrade = () => {};
}
engine.attach(http, { path: options.path ?? "/engine.io" });

engine.on("initial_headers", (headers) => {
  headers["Set-Cookie"] = ["1=1; Max-Age=86400", "2=2; Path=/; HttpOnly", "3=3; Max-Age=0"];
});

let cookies;
engine.on("headers", (_, request) => (cookies = request.headers.cookie));

engine.on("connection", (socket) => {
  socket.on("message", (message) => {
    const [command, argument] = typeof message === "string" ? message.split(" ") : [];
    switch (command) {
      case "close":
        return socket.close();
      case "transport":
        return socket.send(socket.transport.name);
      case "burst":
        for (let i = 0; i < Number(argument); i++) socket.send(String(i));
        return;
      case "silence":
        clearTimeout(socket.pingIntervalTimer);
        socket.schedulePing = () => {};
        return;
      case "headers":
        return socket.send(JSON.stringify(socket.request.headers));
      case "cookies":
        return socket.send(cookies ?? "");
      case "exit":
        return process.exit();
      case "farewell":
        socket.send(message);
      // falls through
      case "leave":
        http.unref();
        process.stdin.unref();
        return socket.close();
      default:
        return socket.send(message);
    }
  });
});

http.listen(options.port ?? 0, "127.0.0.1", () => {
  console.log(`listening on 127.0.0.1:${http.address().port}`);
});
// It ends with the test, however that ends.
process.stdin.on("end", () => process.exit()).resume();
