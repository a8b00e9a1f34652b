import { answerErrors } from '@portcullis/verify/express';
import express from 'express';
import { either, logOutAtAuth, logOutOld, userOf } from './either.js';

const app = express();
app.get('/orders', either, (request, response) => {
  response.send(`the orders of ${userOf(request)}`);
});
app.post('/logout', either, async (request, response) => {
  if (await logOutOld(request)) return void response.sendStatus(204);
  const answer = await logOutAtAuth(request);
  response
    .status(answer.status)
    .type('json')
    .send(await answer.text()); // the receipt
});
app.use(answerErrors);

app.listen(Number(process.env['PORT'] ?? 4010), '127.0.0.1');
