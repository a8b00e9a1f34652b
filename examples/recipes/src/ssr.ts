import { sessionMiddleware } from '@portcullis/client/ssr';
import { protect } from '@portcullis/verify/express';
import express from 'express';
import { verifier } from './verifier.js';

const signedIn = protect(verifier, { cookies: {} });
const app = express();
app.use(sessionMiddleware({ auth: process.env['PORTCULLIS_ISSUER'] ?? '' })); // renews what has expired
app.get('/', signedIn, (request, response) => {
  response.send(`<h1>The orders of ${signedIn.callerOf(request).sub}</h1>`);
});

app.listen(Number(process.env['PORT'] ?? 4010), '127.0.0.1');
