import { answerErrors, protect } from '@portcullis/verify/koa';
import Koa from 'koa';
import { verifier } from './verifier.js';

const app = new Koa().use(answerErrors); // before all others
app.use(protect(verifier)).use((ctx) => {
  ctx.body = `the orders of ${ctx.state.caller.sub}`;
});

app.listen(Number(process.env['PORT'] ?? 4010), '127.0.0.1');
