/** Verifiers, as services have them, of this commit or of another: many in one process. */
import { answerQuestions, natsOptions, settingsOfWorker } from '@portcullis/testbed';
import { createVerifier, type RevocationFeed, type Verifier } from '@portcullis/verify';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

const verifyingSettings = z.object({
  checkout: z.string().optional(),
  issuer: z.string(),
  natsUrl: z.string(),
  prefix: z.string(),
  service: z.string(),
  count: z.number(),
});
export type VerifyingSettings = z.infer<typeof verifyingSettings>;

interface VerifySide {
  create: typeof createVerifier;
  feedOf(options: { connection: NatsConnection; prefix: string }): RevocationFeed;
}
const ours: VerifySide = { create: createVerifier, feedOf: natsFeed };

const settings = verifyingSettings.parse(settingsOfWorker());
const { checkout, issuer, prefix, service, count } = settings;

const { create, feedOf } = checkout === undefined ? ours : await formerly(checkout);

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

/** A verifier and its feed are of one commit, each made for the other. */
async function formerly(folder: string): Promise<VerifySide> {
  const at = async (...path: string[]): Promise<object> =>
    await import(pathToFileURL(join(folder, 'packages', 'verify', 'src', ...path)).href);
  const feeds = existsSync(join(folder, 'packages', 'verify', 'src', 'feeds')) ? ['feeds'] : [];
  const [root, nats] = [await at('index.ts'), await at(...feeds, 'nats', 'index.ts')];
  if (!hasCreateVerifier(root) || !hasNatsFeed(nats)) throw new Error(`${folder}: no verifier`);
  return { create: root.createVerifier, feedOf: nats.natsFeed };
}

function hasCreateVerifier(loaded: object): loaded is { createVerifier: VerifySide['create'] } {
  return 'createVerifier' in loaded && typeof loaded.createVerifier === 'function';
}

function hasNatsFeed(loaded: object): loaded is { natsFeed: VerifySide['feedOf'] } {
  return 'natsFeed' in loaded && typeof loaded.natsFeed === 'function';
}
