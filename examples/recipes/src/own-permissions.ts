import type { PermissionOf, RoleOf } from '@portcullis/verify';
import { connectVerifier } from '@portcullis/verify/connect';
import { answerErrors, protect } from '@portcullis/verify/express';
import express from 'express';
import type config from './portcullis.config.js'; // a copy of the one in the checkout

const { env } = process;
const verifier = await connectVerifier<PermissionOf<typeof config>, RoleOf<typeof config>>({
  issuer: env['PORTCULLIS_ISSUER'] ?? '',
  audience: env['PORTCULLIS_AUDIENCE'] ?? '',
  service: 'orders',
  nats: env['NATS_URL'],
  prefix: env['PORTCULLIS_PREFIX'] ?? 'portcullis',
  client: { id: env['PORTCULLIS_CLIENT_ID'], secret: env['PORTCULLIS_CLIENT_SECRET'] },
});
const reading = protect(verifier, { require: { permission: 'orders:read' } });
const managers = protect(verifier, { require: { role: 'manager' } }); // 'managers' does not compile

const app = express();
app.get('/orders', reading, (_, response) => void response.json([]));
app.delete('/orders', managers, (_, response) => void response.sendStatus(204));
app.use(answerErrors);

app.listen(Number(env['PORT'] ?? 4010), '127.0.0.1');
process.once('SIGTERM', () => void verifier[Symbol.asyncDispose]().then(() => process.exit()));
