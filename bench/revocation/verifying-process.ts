/**
 * A verifier, as a service has it, which says when it has received which event; and beside it, in the
 * same process, a bare subscription to the bus and a deny list that follows Redis.
 */
import { createVerifier } from '@portcullis/verify';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { answerQuestions, machineNow, natsOptions, settingsOfWorker } from '@portcullis/testbed';
import { Refusal } from '@portcullis/contracts';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { question, verifyingSettings } from './verifying-questions.ts';

const settings = verifyingSettings.parse(settingsOfWorker());
const { issuer, audience, service, prefix, redisUrl } = settings;

/** When each event was received, until a question about it has come. */
const heard = new Map<string, number>();
let tellOf: (() => void) | undefined;
function hear(by: string): void {
  heard.set(by, machineNow());
  tellOf?.();
}

const connection = await connect(natsOptions(settings.natsUrl));
const verifier = await createVerifier({
  issuer,
  audience,
  service,
  feed: natsFeed({ connection, prefix }),
});
verifier.onApplied(() => hear('portcullis'));
await verifier.ready();

connection.subscribe(`${prefix}.bench`, { callback: () => hear('bus') });
await connection.flush();

const denied = new Set<string>();
const redis = new Redis(redisUrl);
await redis.subscribe(`${prefix}:denied`);
redis.on('message', (_, key) => {
  denied.add(key);
  hear('redis');
});

async function verdictOn(token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return 'accepted';
  } catch (error) {
    return error instanceof Refusal ? error.code : String(error);
  }
}

async function timeOf(by: string): Promise<number> {
  for (;;) {
    const at = heard.get(by);
    heard.delete(by);
    if (at !== undefined) return at;
    await new Promise<void>((resolve) => {
      tellOf = resolve;
    });
  }
}

answerQuestions(
  async (asked) => {
    const { what, of } = question.parse(asked);
    switch (what) {
      case 'heard':
        return await timeOf(of);
      case 'verdict':
        return await verdictOn(of);
      case 'denied':
        return denied.has(of);
    }
  },
  async () => {
    await verifier[Symbol.asyncDispose]();
    await connection.close();
    redis.disconnect();
  },
);
