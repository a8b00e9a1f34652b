import { connectVerifier } from '@portcullis/verify/connect';

const { env } = process;

/** By the settings that `npm run service -- add orders` has written. A missing one is a TypeError that names it. */
export const verifier = await connectVerifier({
  issuer: env['PORTCULLIS_ISSUER'] ?? '', // as in tokens
  audience: env['PORTCULLIS_AUDIENCE'] ?? '', // what your tokens are for
  service: 'orders', // its name in `npm run service`, and in receipts
  nats: env['NATS_URL'], // comes back by itself
  prefix: env['PORTCULLIS_PREFIX'] ?? 'portcullis',
  client: { id: env['PORTCULLIS_CLIENT_ID'], secret: env['PORTCULLIS_CLIENT_SECRET'] }, // grants by HTTP
});

// It deregisters, so that no receipt waits for a service that has ended.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void verifier[Symbol.asyncDispose]().then(() => process.exit()));
}
