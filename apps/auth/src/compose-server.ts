/** What is reached over HTTP: the router of the verbs, the endpoints of OAuth and of verifiers, and pages. */
import { createAuthRouter } from '@portcullis/api';
import {
  createHttpServer,
  createServiceGuard,
  type FastifyInstance,
  type HttpServer,
  requestContext,
  type ProvePossession,
  type ServiceGuard,
} from '@portcullis/service';
import { probeDatabase } from '@portcullis/service/postgres';
import { PossessionGuard } from '@portcullis/verify/proof';
import { accessIsPresent } from './compose-access.ts';
import { wallSeconds, type Parts } from './compose-parts.ts';
import type { VerifierSide } from './compose-revocation.ts';
import { scopesOf } from './access/present-access.ts';
import type { AuthConfig } from './config.ts';
import type { DeclaredAccess } from './config/declared-access.ts';
import { OWN_AUDIENCE } from './config/tokens.ts';
import { addLinkPages } from './http/pages.ts';
import { verifierPaths } from './http/paths.ts';
import { createFindClient } from './client/find-client.ts';
import { createJudgeRequest } from './oauth/authorization-request.ts';
import { clientIdentification } from './oauth/client-identification.ts';
import { addIntrospectionEndpoint } from './oauth/introspection-endpoint.ts';
import { createIssueCode } from './oauth/issue-code.ts';
import { addMetadataRoutes } from './oauth/metadata.ts';
import { oauthPaths } from './oauth/paths.ts';
import { createRequireClient } from './oauth/require-client.ts';
import { addRevocationEndpoint } from './oauth/revocation-endpoint.ts';
import { createRevokeToken } from './oauth/revoke-token.ts';
import { addTokenEndpoint } from './oauth/token-endpoint.ts';
import { createProvePossession } from './proof/prove-possession.ts';
import { createReplayStore } from './proof/replay-store.ts';
import { addSignInPages } from './signin/add-pages.ts';
import type { SignInDependencies } from './signin/dependencies.ts';
import { createAuthenticate } from './token/authenticate.ts';
import type { Mint } from './token/mint.ts';
import { createReadAnyToken, createReadToken } from './token/read-token.ts';
import { createTokenStatusOf, type TokenStatusOf } from './token/token-status.ts';
import type { Verbs } from './verbs.ts';

const VERSION = '0.2.0';

export interface Served {
  verbs: Verbs;
  mint: Mint;
  verifierSide: VerifierSide;
  access: DeclaredAccess;
}

export async function composeServer(
  config: AuthConfig,
  parts: Parts,
  served: Served,
): Promise<HttpServer> {
  const { issuer, publicUrls } = config;
  const { logger, registry, outages, sql, database, schema, keyRing, nonces } = parts;
  const tokenStatusOf = createTokenStatusOf(database);
  const possessions = new PossessionGuard(Date.now);
  const authenticate = createAuthenticate(
    createReadToken({ keyRing, issuer, audience: OWN_AUDIENCE }),
    tokenStatusOf,
    (token, claims, possession) => possessions.check(token, claims, possession),
  );
  const guard = createServiceGuard(
    { verifyMaybeSync: async (token, options) => authenticate(token, options?.possession) },
    { cookies: config.cookies, publicUrls },
  );
  const provePossession = createProvePossession({
    nonces,
    useOnce: createReplayStore(database),
    publicUrls,
    now: wallSeconds,
  });
  return await createHttpServer({
    title: 'Portcullis auth service',
    version: VERSION,
    production: config.production,
    logger,
    registry,
    outages,
    router: createAuthRouter(served.verbs.service),
    guard,
    provePossession,
    // Redis and NATS are not among these: without them this service still logs users out.
    readiness: {
      postgres: () => probeDatabase(sql),
      schema,
      access: accessIsPresent(database, served.access),
    },
    trustedProxies: config.trustedProxies,
    drainDelayMs: config.drainDelayMs,
    cookies: { ...config.cookies, refreshSeconds: config.sessionLimits.absoluteSeconds },
    rawRoutes(app) {
      addOAuthEndpoints(app, config, parts, { ...served, tokenStatusOf, provePossession });
      served.verifierSide.addRoutes(app);
      addLinkPages(app);
      addSignInPages(app, signInDependencies(config, parts, { ...served, guard }));
    },
    rawPaths: { ...oauthPaths, ...verifierPaths },
  });
}

function signInDependencies(
  { issuer, publicUrls, pages }: AuthConfig,
  { database }: Parts,
  { verbs, verifierSide, guard }: Served & { guard: ServiceGuard },
): SignInDependencies {
  const { withChange } = verifierSide.revocations;
  return {
    service: verbs.service,
    judgeRequest: createJudgeRequest(createFindClient(database)),
    issueCode: createIssueCode({ database, withChange }),
    issuer,
    looks: pages,
    ownOrigins: publicUrls.map((url) => new URL(url).origin),
    // Without a proof of possession: what a form opens is in cookies, or an application's.
    contextOf: (request, reply) => requestContext(request, reply, { guard }),
  };
}

function addOAuthEndpoints(
  app: FastifyInstance,
  { issuer }: AuthConfig,
  { database, keyRing, refreshTokens, services: { audiences } }: Parts,
  served: Served & { tokenStatusOf: TokenStatusOf; provePossession: ProvePossession },
): void {
  const { mint, tokenStatusOf, provePossession } = served;
  const { refresh, exchangeCode } = served.verbs;
  const { withChange, receipts } = served.verifierSide.revocations;
  const readToken = createReadAnyToken({ keyRing, issuer });
  const identifyClient = clientIdentification(database, issuer);
  addTokenEndpoint(app, {
    identifyClient,
    refresh,
    exchangeCode,
    mint,
    audiences,
    provePossession,
  });
  addRevocationEndpoint(app, {
    identifyClient,
    revokeToken: createRevokeToken({ database, withChange, receipts, refreshTokens, readToken }),
  });
  addIntrospectionEndpoint(app, {
    requireClient: createRequireClient(identifyClient),
    authenticate: createAuthenticate(readToken, tokenStatusOf),
  });
  addMetadataRoutes(app, { keyRing, issuer, scopes: () => scopesOf(served.access.present()) });
}
