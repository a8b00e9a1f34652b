import { createGuard } from '@portcullis/verify/guard';
import { closeOnRevocation } from '@portcullis/verify/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { verifier } from './verifier.js';

const port = Number(process.env['PORT'] ?? 4010);
const server = new WebSocketServer({ host: '127.0.0.1', port, maxPayload: 4_096 });
const guard = createGuard(verifier, { cookies: {} }); // a browser sends its cookie, others the header
const members = new Set<WebSocket>(); // who was let in: `server.clients` has others, too

server.on('connection', async (socket, request) => {
  socket.on('error', () => socket.terminate()); // of its protocol; without a listener it would end the process
  const held = await closeOnRevocation(socket, guard, request);
  if (held === undefined) return; // refused, and closed with the code that says why
  members.add(socket);
  socket.on('close', () => members.delete(socket));
  socket.on('message', (data) => {
    if (held.signal.aborted) return; // what was on its way when the session ended
    for (const member of members) member.send(`${held.claims.sub}: ${data.toString()}`);
  });
});
