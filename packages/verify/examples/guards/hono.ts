import type { Verifier } from '@portcullis/verify';
import { answerErrors, protect } from '@portcullis/verify/hono';
import { Hono } from 'hono';

declare const verifier: Verifier;

export const app = new Hono();
app.get('/orders', protect(verifier), (c) => c.text(`the orders of ${c.var.caller.sub}`));
app.onError(answerErrors);
