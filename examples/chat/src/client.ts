import { createPortcullisClient } from '@portcullis/client';
import { FINAL_CLOSE_CODES } from '@portcullis/contracts';
import { once } from 'node:events';
import { WebSocket } from 'ws';

const portcullis = createPortcullisClient({ auth: process.env['PORTCULLIS_ISSUER'] ?? '' });
const ada = { email: 'ada@example.com', password: 'a lantern above the western gate' };
await portcullis.auth.register.mutate({ ...ada, name: 'Ada' }); // accepted, also where she is known
await portcullis.logIn(ada);

const headers = { authorization: `Bearer ${await portcullis.accessToken()}` };
const socket = new WebSocket(`ws://127.0.0.1:${process.env['PORT'] ?? 4010}`, { headers });
const closed = once(socket, 'close');
await once(socket, 'open');
socket.send('good evening');
const [said] = await once(socket, 'message');
console.log(String(said));

await portcullis.logOut();
const [code] = await closed;
const isFinal = FINAL_CLOSE_CODES.has(code);
console.log(`closed with ${code}: ${isFinal ? 'the session is over' : 'come back later'}`);
