// socket.io on Node, default options, as a phone channel: a room for each user, commands posted to the same server.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer((request, response) => {
  const [path, query] = request.url.split('?');
  if (path !== '/emit') return response.writeHead(404).end();
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    io.to(query).emit('command', body);
    response.writeHead(200, { 'Content-Length': 2 }).end('ok');
  });
});
const io = new Server(http);
io.on('connection', (socket) => socket.join(socket.handshake.query.user));
http.keepAliveTimeout = 120_000;
http.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 0), backlog: 4096 }, () =>
  console.log(JSON.stringify({ port: http.address().port })),
);
process.on('SIGTERM', () => process.exit(0));
