/** Verifiers, as services have them, of this commit or of another: many in one process. */
import { answerQuestions, natsOptions, settingsOfWorker } from '@portcullis/testbed';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { verifierOf } from '../verify/former-verifier.ts';
import { createVerifier, type RevocationFeed, type Verifier } from '@portcullis/verify';

const verifyingSettings = z.object({
  checkout: z.string().optional(),
  issuer: z.string(),
  natsUrl: z.string(),
  prefix: z.string(),
  service: z.string(),
  count: z.number(),
});
export type VerifyingSettings = z.infer<typeof verifyingSettings>;

const settings = verifyingSettings.parse(settingsOfWorker());
const { checkout, issuer, prefix, service, count } = settings;

const create = checkout === undefined ? createVerifier : await verifierOf(checkout);
const feedOf = checkout === undefined ? natsFeed : await formerFeed(checkout);

const running = new Array<{ verifier: Verifier; connection: NatsConnection }>();
for (let n = 0; n < count; n += 1) {
  const connection = await connect(natsOptions(settings.natsUrl));
  const verifier = await create({
    issuer,
    audience: 'urn:portcullis:user',
    service,
    feed: feedOf({ connection, prefix }),
  });
  running.push({ verifier, connection });
}
await Promise.all(running.map(async ({ verifier }) => await verifier.ready()));

answerQuestions(
  () => running.length,
  async () => {
    for (const { verifier, connection } of running) {
      await verifier[Symbol.asyncDispose]();
      await connection.close();
    }
  },
);

type MakeFeed = (options: { connection: NatsConnection; prefix: string }) => RevocationFeed;

async function formerFeed(folder: string): Promise<MakeFeed> {
  const source = join(folder, 'packages', 'verify', 'src', 'nats', 'index.ts');
  const loaded: unknown = await import(pathToFileURL(source).href);
  if (!isFeedPackage(loaded)) throw new Error(`${source} has no natsFeed`);
  return loaded.natsFeed;
}

function isFeedPackage(loaded: unknown): loaded is { natsFeed: MakeFeed } {
  return (
    typeof loaded === 'object' &&
    loaded !== null &&
    'natsFeed' in loaded &&
    typeof loaded.natsFeed === 'function'
  );
}
