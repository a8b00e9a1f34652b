import { answerErrors, protect } from '@portcullis/verify/express';
import express from 'express';
import { verifier } from './verifier.js';

const signedIn = protect(verifier); // any user
const support = protect(verifier, { require: { permission: 'users:read' } });
const machines = protect(verifier, { require: { scope: 'users:read' } }); // clients, and no users
const recently = protect(verifier, { login: { maxAgeSeconds: 900 } }); // who has logged in just now

const app = express();
app.get('/orders', signedIn, (request, response) => {
  response.json({ of: signedIn.callerOf(request).sub });
});
app.get('/orders/all', support, (_, response) => void response.json([]));
app.get('/orders/export', machines, (_, response) => void response.json([]));
app.delete('/orders', recently, (_, response) => void response.sendStatus(204));
app.use(answerErrors);

app.listen(Number(process.env['PORT'] ?? 4010), '127.0.0.1');
