/**
 * Run in a project of its own by `npm run pack:check`, beside a running system: logs in and out by the SDK, verifies by pushes over
 * NATS, receives the event of the logout, and reads an id by the schemas.
 */
import { connect } from '@nats-io/transport-node';
import { createPortcullisClient, memoryStorage } from '@portcullis/client';
import { sessionId } from '@portcullis/contracts/schemas';
import { connectionOptions, subscribeToEvents } from '@portcullis/events';
import { createVerifier } from '@portcullis/verify';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { equal, ok, rejects } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

interface System {
  auth: string;
  user: string;
  admin: string;
  natsUrl: string;
  prefix: string;
}
const { auth, user, admin, natsUrl, prefix }: System = JSON.parse(process.env['SYSTEM'] ?? '{}');

const service = `orders-${randomBytes(4).toString('hex')}`;
const connection = await connect({ ...connectionOptions({ service, url: natsUrl, prefix }) });
const verifier = await createVerifier({
  issuer: auth,
  audience: 'urn:portcullis:user',
  service,
  feed: natsFeed({ connection, prefix }),
});
await verifier.ready(AbortSignal.timeout(20_000));

const ended = new Set<string>();
const events = subscribeToEvents({
  connection,
  prefix,
  durable: service,
  makeConsumers: true,
  handlers: {
    session: ({ key }) => void ended.add(key),
  },
  ignored: [
    'accounts',
    ...(['token', 'subject', 'claims_changed'] as const),
    ...(['client', 'client_subject', 'key', 'issuer'] as const),
  ],
});

const storage = memoryStorage();
const portcullis = createPortcullisClient({ auth, user, admin, storage });
const account = { email: `${service}@example.com`, password: randomBytes(18).toString('base64') };
await portcullis.auth.register.mutate({ ...account, name: 'Ada' });
const login = await portcullis.logIn(account);
const session = sessionId.parse(login.sessionId);
equal((await portcullis.user.me.get.query()).name, 'Ada');

const token: string = Object(storage.get()).access_token;
equal((await verifier.verify(token)).sid, session);
const receipt = await portcullis.logOut();
ok(receipt !== undefined && receipt.confirmed === receipt.expected && receipt.expected >= 3);
await rejects(verifier.verify(token), { code: 'invalid_token' });
for (const deadline = Date.now() + 10_000; !ended.has(session); await sleep(20)) {
  ok(Date.now() < deadline, 'the event of the logout did not arrive');
}

await events[Symbol.asyncDispose]();
await verifier[Symbol.asyncDispose]();
await connection.close();
console.log(`${receipt.confirmed} of ${receipt.expected} verifiers, this one with them`);
