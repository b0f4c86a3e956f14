// The Primus server of the comparison on Node: `node primus.mjs PORT`.
import { createServer } from 'node:http';
import Primus from 'primus';

const server = createServer();
const primus = new Primus(server, { transformer: 'websockets', parser: 'json' });
primus.on('connection', (spark) => {
  spark.on('data', (value) => {
    if (typeof value === 'string' && value.startsWith('B')) primus.write(value);
    else spark.write(value);
  });
});

server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
