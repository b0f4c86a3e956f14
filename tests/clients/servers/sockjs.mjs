// A SockJS server for tests of clients: node servers/sockjs.mjs [OPTIONS AS JSON]
//
// It echoes at /echo, and obeys these messages:
//   close      closes the session with 3001 "Go away!"
//   transport  answers by what the session travels
//   burst N    sends the numbers from 0 to N - 1
//   headers    answers the headers of the first request
//   cookies    answers the cookies of the last request
//   url        answers the URL of the first request
//   exit       ends the process

import { createServer } from "node:http";

import sockjs from "sockjs";

const options = JSON.parse(process.argv[2] ?? "{}");
const service = sockjs.createServer({ prefix: "/echo", log: () => {}, ...options });
const http = createServer((_, response) => response.writeHead(404).end());
http.on("upgrade", (_, socket) => socket.end("HTTP/1.1 404 Not Found\r\n\r\n"));
service.installHandlers(http);

let cookies;
http.prependListener("request", (request) => (cookies = request.headers.cookie));

service.on("connection", (connection) => {
  connection.on("data", (message) => {
    const [command, argument] = typeof message === "string" ? message.split(" ") : [];
    switch (command) {
      case "close":
        return connection.close(3001, "Go away!");
      case "transport":
        return connection.write(connection.protocol);
      case "burst":
        for (let i = 0; i < Number(argument); i++) connection.write(String(i));
        return;
      case "headers":
        return connection.write(JSON.stringify(connection.headers));
      case "cookies":
        return connection.write(cookies ?? "");
      case "url":
        return connection.write(connection.url);
      case "exit":
        return process.exit();
      default:
        return connection.write(message);
    }
  });
});
http.listen(0, "127.0.0.1", () => {
  console.log(`listening on 127.0.0.1:${http.address().port}`);
});
// It ends with the test, however that ends.
process.stdin.on("end", () => process.exit()).resume();
