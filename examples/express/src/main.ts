import { answerErrors, protect } from '@portcullis/verify/express';
import express from 'express';
import { verifier } from './verifier.js';

const signedIn = protect(verifier);
const app = express();
app.get('/orders', signedIn, (request, response) => {
  response.send(`the orders of ${signedIn.callerOf(request).sub}`);
});
app.use(answerErrors); // after all routes

app.listen(Number(process.env['PORT'] ?? 4010), '127.0.0.1');
