import { connectVerifier, type VerifierMetric } from '@portcullis/verify/connect';
import { protect } from '@portcullis/verify/node';
import { createServer } from 'node:http';

const { env } = process;
let metrics: readonly VerifierMetric[] = [];

const verifier = await connectVerifier({
  issuer: env['PORTCULLIS_ISSUER'] ?? '',
  audience: env['PORTCULLIS_AUDIENCE'] ?? '',
  service: 'orders',
  nats: env['NATS_URL'],
  prefix: env['PORTCULLIS_PREFIX'] ?? 'portcullis',
  client: { id: env['PORTCULLIS_CLIENT_ID'], secret: env['PORTCULLIS_CLIENT_SECRET'] },
  onProblem: ({ reason, isOver }) => (isOver ? console.info : console.error)(reason),
  onRefusals: ({ reason, count }) => console.warn(`refused: ${reason} (${count})`), // never a token
  metrics: (all) => {
    metrics = all;
  },
});
const signedIn = protect(verifier);
const orders = signedIn((_, response, caller) => response.end(`the orders of ${caller.sub}`));

const server = createServer((request, response) => {
  if (request.url !== '/metrics') return orders(request, response);
  response.end(metrics.map(({ name, read }) => `${name} ${read()}\n`).join(''));
});
server.listen(Number(env['PORT'] ?? 4010), '127.0.0.1');
process.once('SIGTERM', () => void verifier[Symbol.asyncDispose]().then(() => process.exit()));
