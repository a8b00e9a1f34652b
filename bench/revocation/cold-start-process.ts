/** A verifier that starts, once: how long that takes, and whether it knows then what it should. */
import { Refusal } from '@portcullis/contracts';
import { answerQuestions, natsOptions, settingsOfWorker } from '@portcullis/testbed';
import { createVerifier, withFallback } from '@portcullis/verify';
import { httpGrants } from '@portcullis/verify/feeds/http';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { connect } from '@nats-io/transport-node';
import { coldStartSettings, type ColdStart } from './cold-start-settings.ts';

const settings = coldStartSettings.parse(settingsOfWorker());
const { issuer, audience, service, prefix, client } = settings;

async function start(): Promise<ColdStart> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const connection = await connect(natsOptions(settings.natsUrl));
  const overNats = natsFeed({ connection, prefix });
  const overHttp = httpGrants({
    authUrl: issuer,
    clientId: client.id,
    clientSecret: client.secret,
  });
  let snapshotMs = 0;
  const timed = {
    ...overHttp,
    snapshot: async (timeoutMs: number) => {
      const asked = performance.now();
      const bytes = await overHttp.snapshot?.(timeoutMs);
      snapshotMs = performance.now() - asked;
      return bytes ?? new Uint8Array();
    },
  };
  await using verifier = await createVerifier({
    issuer,
    audience,
    service,
    feed: settings.by === 'snapshot' ? withFallback(overNats, timed) : overNats,
  });
  await verifier.ready();
  const { user, system } = process.cpuUsage(cpu);
  const ms = performance.now() - began;
  const verdict = await verifier.verify(settings.revokedToken).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
  );
  const { entries } = verifier.stats();
  await connection.close();
  return { ms, cpuMs: (user + system) / 1_000, snapshotMs, entries, verdict };
}

answerQuestions(start);
