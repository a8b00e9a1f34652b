/** A service that does nothing but verify, and blocks its event loop on request. */
import { Refusal } from '@portcullis/contracts';
import { createVerifier } from '@portcullis/verify';
import { connectionOptions, natsFeed } from '@portcullis/verify/feeds/nats';
import { connect } from '@nats-io/transport-node';
import { createServer } from 'node:http';
import { z } from 'zod';

const env = z
  .object({
    PORT: z.coerce.number(),
    ISSUER: z.string(),
    NATS_HOST: z.string(),
    NATS_USER: z.string(),
    NATS_PASSWORD: z.string(),
    PREFIX: z.string(),
    SERVICE: z.string(),
  })
  .parse(process.env);

const connection = await connect({
  ...connectionOptions({ service: env.SERVICE, prefix: env.PREFIX }),
  servers: env.NATS_HOST,
  user: env.NATS_USER,
  pass: env.NATS_PASSWORD,
});
const verifier = await createVerifier({
  issuer: env.ISSUER,
  audience: 'urn:portcullis:user',
  service: env.SERVICE,
  feed: natsFeed({ connection, prefix: env.PREFIX }),
});

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const answer = (status: number, code: string): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ code }));
  };
  switch (url.pathname) {
    case '/readyz':
      answer(verifier.state === 'LIVE' ? 200 : 503, verifier.state);
      break;
    case '/block':
      response.end('', () => blockEventLoop(Number(url.searchParams.get('ms'))));
      break;
    default:
      verifier.verify(request.headers.authorization?.slice('Bearer '.length) ?? '').then(
        () => answer(200, 'accepted'),
        (error: unknown) => {
          const code = error instanceof Refusal ? error.code : 'internal';
          answer(code === 'invalid_token' || code === 'token_stale' ? 401 : 503, code);
        },
      );
  }
});
server.listen(env.PORT, '127.0.0.1');

function blockEventLoop(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void verifier[Symbol.asyncDispose]().then(() => connection.close());
});
