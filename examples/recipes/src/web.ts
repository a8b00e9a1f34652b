import { answerErrors, protect } from '@portcullis/verify/web';
import { verifier } from './verifier.js';

const signedIn = protect(verifier);
export const GET = answerErrors(
  signedIn((_, caller) => new Response(`the orders of ${caller.sub}`)),
);
