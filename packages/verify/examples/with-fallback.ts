import { createVerifier, withFallback } from '@portcullis/verify';
import { httpGrants, httpIntrospection } from '@portcullis/verify/feeds/http';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import type { NatsConnection } from '@nats-io/transport-node';

declare const connection: NatsConnection;

const client = {
  authUrl: 'http://localhost:4000',
  clientId: process.env['PORTCULLIS_CLIENT_ID'] ?? '',
  clientSecret: process.env['PORTCULLIS_CLIENT_SECRET'] ?? '',
};
export const verifier = await createVerifier({
  issuer: 'http://localhost:4000',
  audience: 'urn:portcullis:user',
  service: 'orders',
  feed: withFallback(natsFeed({ connection }), httpGrants(client)),
  whenStale: { policy: 'introspect', introspect: httpIntrospection(client) },
});
