// The server of the comparison on Node: `node ws.mjs PORT`.
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

const TEXT_B = 0x42;
const server = createServer();
const sockets = new WebSocketServer({ server });
const subscribers = new Set();

sockets.on('connection', (socket, request) => {
  socket.on('error', () => {});
  if (request.url === '/broadcast') {
    subscribers.add(socket);
    socket.on('close', () => subscribers.delete(socket));
    socket.on('message', publish);
  } else {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  }
});

function publish(data, binary) {
  if (binary || data[0] !== TEXT_B) return;
  for (const subscriber of subscribers) {
    if (subscriber.readyState === WebSocket.OPEN) subscriber.send(data, { binary });
  }
}

server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
