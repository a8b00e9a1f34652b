/** What minting reads, in one statement: who, at which generations, by which key, at what time. */
import { clientSubjectOf, type ClientId, type SessionId, type UserId } from '@portcullis/contracts';
import type { Token } from '../history.ts';
import type { Database } from './database.ts';

/** A new session, or another token of one that there is. */
export type Login = { user: UserId; client: ClientId } | { session: SessionId };

/** Undefined when the session has ended. */
export function readToken(database: Database, login: Login, lifeMs: number): Token | undefined {
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
