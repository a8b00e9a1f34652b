import { connect } from '@nats-io/transport-node';
import { connectionOptions, subscribeToEvents } from '@portcullis/events';

const { env } = process;
const prefix = env['PORTCULLIS_PREFIX'] ?? 'portcullis';
const connection = await connect({
  ...connectionOptions({ service: 'orders', url: env['NATS_URL'], prefix }), // comes back by itself
});
const events = subscribeToEvents({
  connection,
  prefix,
  durable: 'orders', // the name of your service
  handlers: {
    session: ({ key }) => console.log(`the session ${key} has ended`),
    deleted: ({ user_id }) => console.log(`forget the orders of ${user_id}`), // and commit, before it returns
  },
  // Each event of the catalogue has a handler, or stands here.
  ignored: [
    ...(['token', 'subject', 'claims_changed'] as const),
    ...(['client', 'client_subject', 'key', 'issuer'] as const),
    ...(['registered', 'email-changed', 'profile-changed'] as const),
    ...(['disabled', 'enabled', 'roles-changed'] as const),
  ],
});
process.once('SIGTERM', () => void events[Symbol.asyncDispose]().then(() => process.exit()));
