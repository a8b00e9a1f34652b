import { protect } from '@portcullis/verify/node';
import { createServer } from 'node:http';
import { verifier } from './verifier.js';

const signedIn = protect(verifier);
const server = createServer(
  signedIn((_, response, caller) => response.end(`the orders of ${caller.sub}`)),
);

server.listen(Number(process.env['PORT'] ?? 4010), '127.0.0.1');
