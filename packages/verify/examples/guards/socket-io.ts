import type { Verifier } from '@portcullis/verify';
import { protect } from '@portcullis/verify/socket-io';
import { Server } from 'socket.io';

declare const verifier: Verifier;

const signedIn = protect(verifier);
export const io = new Server(4010);
io.use(signedIn).on('connection', (socket) => {
  socket.emit('greeting', `the orders of ${signedIn.callerOf(socket).sub}`);
});
