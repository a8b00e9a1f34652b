import type { Verifier } from '@portcullis/verify';
import { answerErrors, protect } from '@portcullis/verify/koa';
import Koa from 'koa';

declare const verifier: Verifier;

export const app = new Koa().use(answerErrors);
app.use(protect(verifier)).use((ctx) => {
  ctx.body = `the orders of ${ctx.state.caller.sub}`;
});
