/**
 * What the ledger holds against one token, kind by kind, with both values: for who wants to know which of them
 * refuses it. The verdict itself is `Ledger.judge`; test/comparison.test.ts holds the two against each other.
 */
import {
  keyOfToken,
  REVOCATION_KIND_NAMES,
  REVOCATION_KINDS,
  type AccessTokenClaims,
  type RefusalReason,
  type RevocationKind,
} from '@portcullis/contracts';
import type { Ledger } from './ledger.ts';

export interface Comparison {
  kind: RevocationKind;
  /** What revocations of the kind name the token by; undefined where it has none. */
  key: string | undefined;
  /** Of the token; undefined where the key alone refuses. */
  generation: number | undefined;
  /** The least generation that holds, 0 where nothing is held; undefined where the key alone refuses. */
  least: number | undefined;
  refuses: boolean;
}

/** A kind that is missing here does not compile. */
const REASONS: Readonly<Record<RevocationKind, RefusalReason>> = {
  session: 'session_revoked',
  token: 'token_revoked',
  subject: 'subject_revoked',
  claims_changed: 'claims_changed',
  client: 'client_revoked',
  client_subject: 'client_subject_revoked',
  key: 'key_killed',
  issuer: 'issuer_revoked',
};

/** In the order of the table of kinds. @param kid of the key that has signed it */
export function comparisonsWith(
  ledger: Pick<Ledger, 'leastOf'>,
  claims: AccessTokenClaims,
  kid: string,
): Comparison[] {
  return REVOCATION_KIND_NAMES.map((kind) => {
    const key = keyOfToken(kind, claims, kid);
    const least = key === undefined ? 0 : ledger.leastOf(kind, key);
    const claim = REVOCATION_KINDS[kind].generation;
    if (claim === null) {
      return { kind, key, generation: undefined, least: undefined, refuses: least > 0 };
    }
    const generation = claims[claim] ?? 0;
    return { kind, key, generation, least, refuses: generation < least };
  });
}

/** As the verdict: what is final comes before what a refresh mends. @returns undefined: none of them refuses it */
export function reasonAmong(comparisons: readonly Comparison[]): RefusalReason | undefined {
  const refusing = comparisons.filter(({ refuses }) => refuses).map(({ kind }) => kind);
  const isFinal = (kind: RevocationKind) => REVOCATION_KINDS[kind].verdict === 'invalid_token';
  const kind = refusing.find(isFinal) ?? refusing[0];
  return kind === undefined ? undefined : REASONS[kind];
}

export function reasonOfRevocation(
  ledger: Pick<Ledger, 'leastOf'>,
  claims: AccessTokenClaims,
  kid: string,
): RefusalReason | undefined {
  return reasonAmong(comparisonsWith(ledger, claims, kid));
}
