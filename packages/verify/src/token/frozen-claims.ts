/**
 * The claims of a token that is remembered. Every caller with the same token gets the same object, and
 * what most tokens say alike is held once for all of them.
 *
 * Invariant: frozen all the way down. What more a claim may hold one day, a list or an object, is to be
 * frozen here too; test/verified-tokens.test.ts looks.
 */
import type { AccessTokenClaims, ClientId } from '@portcullis/contracts';

const rolesAsBefore = listAsBefore<string>();
const methodsAsBefore = listAsBefore<string>();
let lastClient: ClientId | undefined;

/** @param claims that no other object refers to; its lists may be replaced by equal ones */
export function frozen(claims: AccessTokenClaims): AccessTokenClaims {
  if (claims.sid !== undefined) {
    claims.roles = rolesAsBefore(claims.roles);
    claims.amr = methodsAsBefore(claims.amr);
  }
  if (claims.client_id === lastClient) claims.client_id = lastClient;
  else lastClient = claims.client_id;
  if (typeof claims.aud !== 'string') Object.freeze(claims.aud);
  if (claims.cnf !== undefined) Object.freeze(claims.cnf);
  return Object.freeze(claims);
}

/** @returns a function that freezes lists, and gives the one before for a list that is equal to it */
function listAsBefore<Element>(): (list: Element[]) => Element[] {
  let before: Element[] = [];
  Object.freeze(before);
  return (list) => {
    const { length } = list;
    let at = 0;
    while (at < length && list[at] === before[at]) at += 1;
    if (at < length || length !== before.length) {
      Object.freeze(list);
      before = list;
    }
    return before;
  };
}
