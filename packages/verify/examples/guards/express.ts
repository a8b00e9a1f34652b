import type { Verifier } from '@portcullis/verify';
import { answerErrors, protect } from '@portcullis/verify/express';
import express from 'express';

declare const verifier: Verifier;

const signedIn = protect(verifier);
const app = express();
app.get('/orders', signedIn, (request, response) => {
  response.send(`the orders of ${signedIn.callerOf(request).sub}`);
});
app.use(answerErrors);
