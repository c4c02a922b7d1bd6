// The yardstick: socket.io on Node, one room, published to over HTTP. It stores nothing.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/publish') return void response.writeHead(404).end();
  let text = '';
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    io.to('calls').emit('call.update', JSON.parse(text));
    response.writeHead(200).end('{}');
  });
});
const io = new Server(http, { serveClient: false });
io.on('connection', (socket) => void socket.join('calls'));
http.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${http.address().port}`));
