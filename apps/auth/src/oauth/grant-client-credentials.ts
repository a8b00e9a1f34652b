/** RFC 6749 section 4.4. */
import type { RequestContext } from '@portcullis/api';
import { MAX_SCOPE_LENGTH } from '@portcullis/contracts';
import type { Mint } from '../token/mint.ts';
import { tokenResponse } from '../token/token-response.ts';
import type { IdentifiedClient } from './identify-client.ts';
import { narrowedAudiences } from './narrowed-audiences.ts';
import { OAuthError } from './oauth-error.ts';

/** scope-token of RFC 6749 section 3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

export async function grantClientCredentials(
  mint: Mint,
  request: RequestContext,
  client: IdentifiedClient | null,
  members: ReadonlyMap<string, string>,
) {
  // Section 4.4: for confidential clients only.
  if (client?.proven !== true) {
    throw new OAuthError('invalid_client', 'Client authentication failed.');
  }
  const scope = narrowedScope(client.scopes, members.get('scope'));
  const audiences = narrowedAudiences(client.audiences, members.get('resource'));
  const jkt = await request.provePossession();
  const minted = await mint.issueClientToken(
    { client: client.id, audiences, scope, jkt },
    client.facts,
  );
  return { ...tokenResponse(minted), scope };
}

/** What was asked for, if all of it may be had; everything unless anything was asked for. */
function narrowedScope(allowed: readonly string[], asked: string | undefined): string {
  if (asked === undefined) return allowed.join(' ');
  const wanted = asked.split(' ');
  const sound = asked.length <= MAX_SCOPE_LENGTH && wanted.every((one) => SCOPE_TOKEN.test(one));
  if (!sound || !wanted.every((one) => allowed.includes(one))) {
    throw new OAuthError('invalid_scope', 'The scope is malformed or not for this client.');
  }
  return [...new Set(wanted)].join(' ');
}
