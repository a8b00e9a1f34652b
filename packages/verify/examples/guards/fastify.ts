import type { Verifier } from '@portcullis/verify';
import { answerErrors, protect } from '@portcullis/verify/fastify';
import { fastify } from 'fastify';

declare const verifier: Verifier;

const signedIn = protect(verifier);
export const app = fastify().setErrorHandler(answerErrors);
app.get('/orders', { onRequest: signedIn }, (request) => {
  return `the orders of ${signedIn.callerOf(request).sub}`;
});
