/** A process that does nothing but verify, when its parent asks it to. */
import { Refusal } from '@portcullis/contracts';
import { createVerifier } from '@portcullis/verify';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { connect } from '@nats-io/transport-node';
import { z } from 'zod';

const env = z
  .object({
    ISSUER: z.string(),
    JWKS_URL: z.string(),
    NATS_HOST: z.string(),
    NATS_USER: z.string(),
    NATS_PASSWORD: z.string(),
    PREFIX: z.string(),
  })
  .parse(process.env);

const connection = await connect({
  servers: env.NATS_HOST,
  ...(env.NATS_USER === '' ? {} : { user: env.NATS_USER, pass: env.NATS_PASSWORD }),
  maxReconnectAttempts: -1,
});
const verifier = await createVerifier({
  issuer: env.ISSUER,
  audience: 'urn:portcullis:user',
  service: 'counted',
  jwksUrl: env.JWKS_URL,
  feed: natsFeed({ connection, prefix: env.PREFIX }),
});

const command = z.discriminatedUnion('do', [
  z.object({ do: z.literal('verify'), tokens: z.array(z.string()) }),
  z.object({ do: z.literal('close') }),
]);

process.on('message', (message) => {
  const order = command.parse(message);
  void obey(order).then((answer) => {
    process.send?.(answer);
    if (order.do === 'close') process.disconnect();
  });
});

async function obey(order: z.infer<typeof command>): Promise<unknown> {
  switch (order.do) {
    case 'verify': {
      const counts: Record<string, number> = {};
      for (const token of order.tokens) {
        const outcome = await verifier.verify(token).then(
          () => 'accepted',
          (error: unknown) => (error instanceof Refusal ? error.code : 'crashed'),
        );
        counts[outcome] = (counts[outcome] ?? 0) + 1;
      }
      return { counts, grants: verifier.stats().grants };
    }
    case 'close':
      await verifier[Symbol.asyncDispose]();
      await connection.close();
      return {};
  }
}

process.send?.({ started: true });
