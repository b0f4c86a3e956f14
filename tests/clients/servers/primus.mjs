// A Primus server for tests of clients: node servers/primus.mjs [OPTIONS AS JSON]
//
// It echoes, and obeys these messages:
//   "end"        ends the connection for good
//   "reconnect"  ends the connection so that the client comes back
//   "query"      answers the query of the connection
//   "header"     answers the header `x-name` of its first request
//   "silence"    sends no more pings
//   "exit"       ends the process
//   "leave"      ends the connection for good, and the process when nothing is left of it
// A query with `deny` is refused.

import { createServer } from "node:http";

import Primus from "primus";

const options = JSON.parse(process.argv[2] ?? "{}");
const http = createServer((_, response) => response.writeHead(404).end());
const primus = new Primus(http, options);

primus.authorize((request, done) => {
  if (!request.query.deny) return done();
  done(Object.assign(new Error("not you"), { statusCode: 403 }));
});

primus.on("connection", (spark) => {
  spark.on("data", (data) => {
    switch (data) {
      case "end":
        return spark.end();
      case "reconnect":
        return spark.end(undefined, { reconnect: true });
      case "query":
        return spark.write({ ...spark.query });
      case "header":
        return spark.write(spark.headers["x-name"] ?? null);
      case "silence":
        spark.heartbeat = () => {};
        return;
      case "exit":
        return process.exit();
      case "leave":
        clearInterval(primus.heartbeatInterval);
        http.unref();
        process.stdin.unref();
        return spark.end();
      default:
        spark.write(data);
    }
  });
});

// It ends with whoever started it.
process.stdin.on("end", () => process.exit()).resume();
http.listen(0, "127.0.0.1", () => {
  console.log(`listening on 127.0.0.1:${http.address().port}`);
});
