import { serve } from '@hono/node-server';
import { answerErrors, protect } from '@portcullis/verify/hono';
import { Hono } from 'hono';
import { verifier } from './verifier.js';

const app = new Hono();
const signedIn = protect(verifier, { cookies: {} }); // of pages of this host; a token in the header will do too
app.get('/orders', signedIn, (c) => c.json([`the first order of ${c.var.caller.sub}`]));
app.onError(answerErrors);

serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 4010), hostname: '127.0.0.1' });
