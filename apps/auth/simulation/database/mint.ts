/**
 * What minting reads, in one statement: who, at which generations, by which key, at what time.
 *
 * A login reads it under the lock of the user's row (`src/session/open-session-statement.ts`): what revokes the access of a user,
 * or what one client holds for them, holds it from its own reading to its commit. A refresh waits for the row of its
 * session alone, and reads all else as it was when it began (`src/session/rotate-statement.ts`).
 */
import { clientSubjectOf, type ClientId, type SessionId, type UserId } from '@portcullis/contracts';
import type { Token } from '../history.ts';
import type { Database } from './database.ts';

/** A new session, or another token of one that there is. */
export type Login = { user: UserId; client: ClientId } | { session: SessionId };

interface Reading {
  lifeMs: number;
  lockMs: number;
}

/** Undefined when the session has ended. @throws when the row was not to be had */
export async function readToken(
  database: Database,
  login: Login,
  reading: Reading,
): Promise<Token | undefined> {
  return 'session' in login
    ? await readForRefresh(database, login.session, reading)
    : await readForLogin(database, login, reading);
}

async function readForLogin(
  database: Database,
  { user, client }: { user: UserId; client: ClientId },
  { lifeMs, lockMs }: Reading,
): Promise<Token | undefined> {
  const statement = {};
  await database.locks.take(`subject ${user}`, statement, lockMs);
  try {
    const { random, sessions } = database;
    const opened = random.id('ses');
    database.commit([
      () => {
        sessions.set(opened, { user, client });
        return () => sessions.delete(opened);
      },
    ]);
    return read(database, opened, lifeMs);
  } finally {
    database.locks.release(statement);
  }
}

async function readForRefresh(
  database: Database,
  session: SessionId,
  { lifeMs, lockMs }: Reading,
): Promise<Token | undefined> {
  const token = read(database, session, lifeMs);
  if (token === undefined) return undefined;
  const statement = {};
  await database.locks.take(`session ${session}`, statement, lockMs);
  try {
    // The condition is evaluated again on the row as it is by now.
    return isOpen(database, session) ? token : undefined;
  } finally {
    database.locks.release(statement);
  }
}

function isOpen({ sessions }: Database, sid: SessionId): boolean {
  const session = sessions.get(sid);
  return session !== undefined && session.endedBy === undefined;
}

/** Of this moment. */
function read(database: Database, sid: SessionId, lifeMs: number): Token | undefined {
  const { random, users, sessions, clients, keys, issuer, clock } = database;
  const session = sessions.get(sid);
  if (session === undefined || !isOpen(database, sid)) return undefined;
  const kid = random.pick([...keys].filter(([, { killed }]) => !killed))[0];
  const iat = Math.floor(clock.now() / 1_000);
  const token: Token = {
    kid,
    claims: {
      iss: 'https://issuer.example',
      aud: 'urn:portcullis',
      sub: session.user,
      sid,
      jti: random.id('tok'),
      client_id: session.client,
      iat,
      exp: iat + Math.floor(lifeMs / 1_000),
      auth_time: iat,
      gen: users.get(session.user)?.generation ?? 0,
      cgen: clients.get(session.client)?.generation ?? 0,
      // As src/token/mint.ts: it counts on from the issuer's.
      csgen:
        issuer.generation +
        (database.clientSubjects.get(clientSubjectOf(session.client, session.user)) ?? 0),
      igen: issuer.generation,
      roles: [],
      amr: ['pwd'],
    },
  };
  database.history.record({ what: 'read', token });
  return token;
}
