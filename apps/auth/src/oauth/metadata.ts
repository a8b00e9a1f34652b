/** What others need to know of this issuer: RFC 8414 and RFC 7517. Only what exists is named. */
import { permission } from '@portcullis/contracts';
import type { FastifyInstance } from '@portcullis/service';
import type { KeyRing } from '../keys/key-ring.ts';

const CACHE = { 'cache-control': 'public, max-age=60' };
/** A key is published for longer than this, and a verifier's pause between fetches, before it signs. */
const KEYS_CACHE = { 'cache-control': 'public, max-age=5' };

export interface MetadataDependencies {
  keyRing: KeyRing;
  issuer: string;
}

export function addMetadataRoutes(app: FastifyInstance, dependencies: MetadataDependencies): void {
  const { keyRing, issuer } = dependencies;
  const base = issuer.replace(/\/$/, '');
  const metadata = {
    issuer,
    token_endpoint: `${base}/oauth2/token`,
    revocation_endpoint: `${base}/oauth2/revoke`,
    revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
    introspection_endpoint: `${base}/oauth2/introspect`,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
    jwks_uri: `${base}/.well-known/jwks.json`,
    scopes_supported: permission.options,
    // Required by RFC 8414 section 2; empty, since there is no authorization endpoint.
    response_types_supported: [],
    grant_types_supported: ['client_credentials', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
    service_documentation: `${base}/docs`,
  };
  app.get('/.well-known/oauth-authorization-server', async (_request, reply) =>
    reply.headers(CACHE).send(metadata),
  );
  app.get('/.well-known/jwks.json', async (_request, reply) =>
    reply.headers(KEYS_CACHE).send({ keys: await keyRing.published() }),
  );
}
