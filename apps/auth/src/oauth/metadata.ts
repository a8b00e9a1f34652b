/** What others need to know of this issuer: RFC 8414 and RFC 7517. Only what exists is named. */
import type { FastifyInstance } from '@portcullis/service';
import { DPOP_ALGORITHMS } from '@portcullis/verify/proof';
import type { KeyRing } from '../keys/key-ring.ts';
import { endpointsOf } from './endpoints.ts';

const CACHE = { 'cache-control': 'public, max-age=60' };
/** A key is published for longer than this, and a verifier's pause between fetches, before it signs. */
const KEYS_CACHE = { 'cache-control': 'public, max-age=5' };
const WELL_KNOWN = '/.well-known/oauth-authorization-server';

export interface MetadataDependencies {
  keyRing: KeyRing;
  issuer: string;
  /** All that a client may have. */
  scopes: () => readonly string[];
}

/** How clients authenticate, and what they sign their assertions with (RFC 7523). */
const CONFIDENTIAL = ['client_secret_basic', 'private_key_jwt'];
const ASSERTION_ALGORITHMS = ['ES256', 'RS256', 'EdDSA', 'Ed25519'];

export function addMetadataRoutes(app: FastifyInstance, dependencies: MetadataDependencies): void {
  const { keyRing, issuer, scopes } = dependencies;
  const endpoints = endpointsOf(issuer);
  const metadata = {
    issuer,
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    token_endpoint_auth_methods_supported: [...CONFIDENTIAL, 'none'],
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    revocation_endpoint: endpoints.revocation,
    revocation_endpoint_auth_methods_supported: [...CONFIDENTIAL, 'none'],
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    introspection_endpoint: endpoints.introspection,
    introspection_endpoint_auth_methods_supported: CONFIDENTIAL,
    introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    jwks_uri: endpoints.jwks,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    // RFC 9207 section 3.
    authorization_response_iss_parameter_supported: true,
    // RFC 9449 section 5.1.
    dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
    service_documentation: endpoints.documentation,
  };
  // The path of an issuer comes after the well-known part (section 3.1).
  const { pathname } = new URL(issuer);
  const places = new Set([WELL_KNOWN, `${WELL_KNOWN}${pathname.replace(/\/$/, '')}`]);
  for (const place of places) {
    app.get(place, async (_request, reply) =>
      reply.headers(CACHE).send({ ...metadata, scopes_supported: scopes() }),
    );
  }
  app.get('/.well-known/jwks.json', async (_request, reply) =>
    reply
      .headers(KEYS_CACHE)
      // RFC 7517 section 8.5.
      .type('application/jwk-set+json')
      .send({ keys: await keyRing.published() }),
  );
}
