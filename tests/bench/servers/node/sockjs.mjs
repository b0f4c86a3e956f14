// The SockJS server of the comparison on Node: `node sockjs.mjs PORT`.
import { createServer } from 'node:http';
import sockjs from 'sockjs';

const server = createServer();
const service = sockjs.createServer({ log() {} });
service.on('connection', (connection) => {
  connection.on('data', (message) => connection.write(message));
});
service.installHandlers(server, { prefix: '/sockjs' });

server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
