import { connect } from '@nats-io/transport-node';
import { connectionOptions, subscribeToEvents } from '@portcullis/events';

declare const invoices: { forget(userId: string): Promise<void> };
declare const connections: { closeAllOf(sessionId: string): void };

process.loadEnvFile('.portcullis/dev/services/billing.env'); // as `npm run service` has it written
const connection = await connect({
  ...connectionOptions({ service: 'billing', url: process.env['NATS_URL'] }), // comes back by itself
});
export const events = subscribeToEvents({
  connection,
  durable: 'billing', // the name of your service
  handlers: {
    session: ({ key }) => connections.closeAllOf(key),
    deleted: ({ user_id }) => invoices.forget(user_id),
  },
  // Each event of the catalogue has a handler, or stands here.
  ignored: [
    ...(['token', 'subject', 'claims_changed'] as const),
    ...(['client', 'client_subject', 'key', 'issuer'] as const),
    ...(['registered', 'email-changed', 'profile-changed'] as const),
    ...(['disabled', 'enabled', 'roles-changed'] as const),
  ],
});
