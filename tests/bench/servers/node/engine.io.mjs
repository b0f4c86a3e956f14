// The Engine.IO server of the comparison on Node: `node engine.io.mjs PORT`.
import { createServer } from 'node:http';
import { Server } from 'engine.io';

const server = createServer();
const engine = new Server();
engine.attach(server, { path: '/engine.io/' });
engine.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));

server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
