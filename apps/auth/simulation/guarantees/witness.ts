import { newId, type RevocationEvent, type UserClaims } from '@portcullis/contracts';
import { clientId, userId } from '@portcullis/contracts/schemas';
import type { Token } from '../history.ts';

/** Higher than any generation that a run comes to, restored backups and all. */
const NEWEST = 1_000_000_000;

const unattributed: UserClaims = {
  iss: 'https://issuer.example',
  aud: 'urn:portcullis',
  sub: newId('usr'),
  sid: newId('ses'),
  jti: newId('tok'),
  client_id: clientId.parse('cli_unknown'),
  iat: 1,
  exp: 2,
  auth_time: 1,
  gen: NEWEST,
  cgen: NEWEST,
  csgen: NEWEST,
  igen: NEWEST,
  roles: [],
  amr: ['pwd'],
};
const kid = newId('key');

/** A token that this event takes and no other does: whether a ledger knows of the event shows by it. */
export function witnessOf(event: RevocationEvent): Token {
  switch (event.kind) {
    case 'session':
      return { kid, claims: { ...unattributed, sid: event.key } };
    case 'token':
      return { kid, claims: { ...unattributed, jti: event.key } };
    case 'subject':
    case 'claims_changed':
      return { kid, claims: { ...unattributed, sub: event.key, gen: event.generation - 1 } };
    case 'client':
      return { kid, claims: { ...unattributed, client_id: event.key, cgen: event.generation - 1 } };
    case 'client_subject': {
      const [client, user] = event.key.split('/');
      const names = { client_id: clientId.parse(client), sub: userId.parse(user) };
      return { kid, claims: { ...unattributed, ...names, csgen: event.generation - 1 } };
    }
    case 'key':
      return { kid: event.key, claims: unattributed };
    case 'issuer':
      return { kid, claims: { ...unattributed, igen: event.generation - 1 } };
  }
}
