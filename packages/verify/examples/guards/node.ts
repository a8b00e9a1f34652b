import type { Verifier } from '@portcullis/verify';
import { protect } from '@portcullis/verify/node';
import { createServer } from 'node:http';

declare const verifier: Verifier;

const signedIn = protect(verifier);
export const server = createServer(
  signedIn((_, response, caller) => response.end(`the orders of ${caller.sub}`)),
);
