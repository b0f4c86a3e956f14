// A server of streams for tests of clients: it sends back at /echo what it receives.

import { createServer } from "node:http";

import shoe from "shoe";

const http = createServer();
shoe({ log: () => {} }, (stream) => stream.on("data", (data) => stream.write(data))).install(
  http,
  "/echo",
);

http.listen(0, "127.0.0.1", () => {
  console.log(`listening on 127.0.0.1:${http.address().port}`);
});
// It ends with the test, however that ends.
process.stdin.on("end", () => process.exit()).resume();
