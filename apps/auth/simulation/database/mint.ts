/**
 * What minting reads, in one statement: who, at which generations, by which key, at what time.
 *
 * It holds the user's row, as a login and a refresh do (`src/session`): what revokes the access of a user, or what one
 * client holds for them, holds it from its own reading to its commit.
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
  { lifeMs, lockMs }: Reading,
): Promise<Token | undefined> {
  const user = 'session' in login ? database.sessions.get(login.session)?.user : login.user;
  if (user === undefined) return undefined;
  const statement = {};
  await database.locks.take(`subject ${user}`, statement, lockMs);
  try {
    const token = readUnderLock(database, login, lifeMs);
    if (token !== undefined) database.history.record({ what: 'read', token });
    return token;
  } finally {
    database.locks.release(statement);
  }
}

function readUnderLock(database: Database, login: Login, lifeMs: number): Token | undefined {
  const { random, users, sessions, clients, keys, issuer, clock } = database;
  let sid: SessionId;
  if ('session' in login) {
    sid = login.session;
  } else {
    const opened = random.id('ses');
    database.commit([
      () => {
        sessions.set(opened, { user: login.user, client: login.client });
        return () => sessions.delete(opened);
      },
    ]);
    sid = opened;
  }
  const session = sessions.get(sid);
  if (session === undefined || session.endedBy !== undefined) return undefined;
  const kid = random.pick([...keys].filter(([, { killed }]) => !killed))[0];
  const iat = Math.floor(clock.now() / 1_000);
  return {
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
}
