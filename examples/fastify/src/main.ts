import { answerErrors, protect } from '@portcullis/verify/fastify';
import { fastify } from 'fastify';
import { verifier } from './verifier.js';

const signedIn = protect(verifier);
const app = fastify().setErrorHandler(answerErrors);
app.get('/orders', { onRequest: signedIn }, (request) => {
  return `the orders of ${signedIn.callerOf(request).sub}`;
});

await app.listen({ port: Number(process.env['PORT'] ?? 4010), host: '127.0.0.1' });
