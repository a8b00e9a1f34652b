import type { Verifier } from '@portcullis/verify';
import { protect } from '@portcullis/verify/socket-io';
import { createServer } from 'node:http';
import { Server } from 'socket.io';

declare const verifier: Verifier;

const signedIn = protect(verifier);
export const io = new Server(createServer().listen(4010, '127.0.0.1'));
io.use(signedIn).on('connection', (socket) => {
  socket.emit('greeting', `the orders of ${signedIn.callerOf(socket).sub}`);
});
