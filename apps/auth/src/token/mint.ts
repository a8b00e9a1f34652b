/**
 * Access tokens (RFC 9068).
 *
 * `iat` and `exp` derive from the database's time, read in the statement that checked the session or
 * the client, never from this process's clock: a process that was paused between the check and the
 * signature cannot mint a token that outlives the revocation which came in between.
 */
import {
  newId,
  type ClientId,
  type KeyId,
  type SessionId,
  type UserId,
} from '@portcullis/contracts';
import { and, eq, isNull, sql, type Column, type SQL } from 'drizzle-orm';
import type { KeyRing } from '../keys/key-ring.ts';
import { signingKid } from '../keys/succession.ts';
import { clients, clientSubjects, issuer } from '../database/schema/index.ts';

/** Seconds since the epoch by the clock of the database. */
export const databaseNow = sql<number>`extract(epoch from clock_timestamp())::float8`;

/** To be selected together with what decides whether a token may be had. */
export const tokenFacts = {
  now: databaseNow,
  kid: signingKid,
  clientGeneration: clients.generation,
  issuerGeneration: issuer.generation,
};

/** The same for use in `returning`. `clientGeneration` is null when the client is not there, or disabled. */
export const tokenFactsOf = (client: ClientId) => ({
  now: databaseNow,
  kid: signingKid,
  clientGeneration: sql<number | null>`(
    select ${clients.generation} from ${clients}
    where ${and(eq(clients.id, client), isNull(clients.disabledAt))})`,
  issuerGeneration: sql<number>`(select ${issuer.generation} from ${issuer})`,
});

/**
 * What a token says of what its client holds for its user. It counts on from the issuer's generation, which rises
 * above all that was given out when a backup is restored: of pairs too whose rows are younger than the backup.
 */
export const clientSubjectGeneration = (client: ClientId | Column, user: UserId | Column | SQL) =>
  sql<number>`(
    select i.generation + coalesce((
      select c.generation from ${clientSubjects} c
      where c.client_id = ${client} and c.user_id = ${user}), 0)
    from ${issuer} i)`;

/**
 * What a token has to say at least: nothing where none of what the client holds for the user was ever ended.
 * Tokens of the release before say nothing, whatever the issuer's generation is.
 */
export const requiredClientSubjectGeneration = (client: Column, user: Column) =>
  sql<number>`coalesce((
    select i.generation + c.generation from ${clientSubjects} c cross join ${issuer} i
    where c.client_id = ${client} and c.user_id = ${user}), 0)`;

export interface TokenFacts {
  now: number;
  kid: KeyId | null;
  clientGeneration: number;
  issuerGeneration: number;
}

export interface TokenUser {
  id: UserId;
  generation: number;
  /** Of what the client holds for the user. */
  clientSubjectGeneration: number;
  roles: readonly string[];
  session: SessionId;
  client: ClientId;
  /** Seconds since the epoch. */
  authTime: number;
  amr: string[];
  /** The class of the login; undefined: none is named. */
  acr: string | undefined;
  /** When the session ends at the latest, in seconds since the epoch: no token outlives it. */
  sessionExpiresAt: number;
  /** For whom the token is, where it was narrowed. */
  audiences?: readonly string[];
  /** The key that the token is bound to, by its thumbprint (RFC 9449); undefined: none. */
  jkt: string | undefined;
}

export interface TokenClient {
  client: ClientId;
  scope: string;
  audiences: readonly string[];
  /** The key that the token is bound to, by its thumbprint (RFC 9449); undefined: none. */
  jkt: string | undefined;
}

export interface MintedToken {
  accessToken: string;
  tokenType: 'Bearer' | 'DPoP';
  /** Seconds. */
  expiresIn: number;
}

export interface Mint {
  issueUserToken(user: TokenUser, facts: TokenFacts): Promise<MintedToken>;
  issueClientToken(machine: TokenClient, facts: TokenFacts): Promise<MintedToken>;
}

export interface MintOptions {
  keyRing: KeyRing;
  issuer: string;
  /** The audiences of a user's token, as they are when it is issued. */
  audiences(this: void): readonly string[];
  lifeSeconds: number;
}

/** What the token of a user says of the user and the session. */
export function claimsOfUser(user: TokenUser, audiences: readonly string[]): object {
  return {
    sub: user.id,
    aud: user.audiences ?? audiences,
    client_id: user.client,
    sid: user.session,
    gen: user.generation,
    ...(user.clientSubjectGeneration === 0 ? {} : { csgen: user.clientSubjectGeneration }),
    roles: user.roles,
    auth_time: Math.floor(user.authTime),
    amr: user.amr,
    ...(user.acr === undefined ? {} : { acr: user.acr }),
  };
}

interface Stamp {
  issuer: string;
  iat: number;
  exp: number;
  jkt: string | undefined;
}

/** All that is signed, with what every token says. */
export function stamped(
  claims: object,
  facts: Omit<TokenFacts, 'kid'>,
  { issuer: iss, iat, exp, jkt }: Stamp,
): object {
  return {
    iss,
    ...claims,
    iat,
    exp,
    jti: newId('tok', Math.floor(facts.now * 1_000)),
    cgen: facts.clientGeneration,
    igen: facts.issuerGeneration,
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
  };
}

export function createMint(options: MintOptions): Mint {
  const { keyRing, lifeSeconds } = options;

  async function mint(
    claims: object,
    { jkt }: { jkt: string | undefined },
    facts: TokenFacts,
    endsBy: number,
  ): Promise<MintedToken> {
    const iat = Math.floor(facts.now);
    const exp = Math.min(iat + lifeSeconds, Math.floor(endsBy));
    const signed = stamped(claims, facts, { issuer: options.issuer, iat, exp, jkt });
    const accessToken = await keyRing.sign(facts.kid, signed);
    const tokenType = jkt === undefined ? 'Bearer' : 'DPoP';
    return { accessToken, tokenType, expiresIn: exp - iat };
  }

  return {
    issueUserToken: (user, facts) =>
      mint(claimsOfUser(user, options.audiences()), user, facts, user.sessionExpiresAt),
    issueClientToken: (machine, facts) =>
      mint(
        {
          sub: machine.client,
          aud: machine.audiences,
          client_id: machine.client,
          scope: machine.scope,
          // The client is its own subject, and so has one generation.
          gen: facts.clientGeneration,
        },
        machine,
        facts,
        Number.POSITIVE_INFINITY,
      ),
  };
}
