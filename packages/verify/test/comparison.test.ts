/** The comparison with each kind of revocation says what the verdict of the ledger says, and which kind it is. */
import { REVOCATION_KIND_NAMES, REVOCATION_KINDS } from '@portcullis/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { comparisonsWith, reasonAmong } from '../src/revocation/comparison.ts';
import { Ledger } from '../src/revocation/ledger.ts';
import { ofMachine, somethingOf, tokenWith } from './kinds-at-random.ts';

const REASONS = {
  session: 'session_revoked',
  token: 'token_revoked',
  subject: 'subject_revoked',
  claims_changed: 'claims_changed',
  client: 'client_revoked',
  client_subject: 'client_subject_revoked',
  key: 'key_killed',
  issuer: 'issuer_revoked',
};

it.each(REVOCATION_KIND_NAMES)('a revocation of the kind %s is shown with both values', (kind) => {
  const entry = somethingOf(kind, 3);
  const ledger = new Ledger();
  const [claims, kid] = tokenWith(entry, 2);
  const before = comparisonsWith(ledger, claims, kid);
  expect(before.map((each) => each.kind)).toEqual(REVOCATION_KIND_NAMES);
  expect(before.filter(({ refuses }) => refuses)).toEqual([]);
  expect(reasonAmong(before)).toBeUndefined();
  ledger.apply(entry);
  const after = comparisonsWith(ledger, claims, kid);
  const hasGeneration = REVOCATION_KINDS[kind].generation !== null;
  const values = hasGeneration ? { generation: 2, least: 3 } : {};
  expect(after.filter(({ refuses }) => refuses)).toEqual([
    { kind, key: entry.key, generation: undefined, least: undefined, ...values, refuses: true },
  ]);
  expect(reasonAmong(after)).toBe(REASONS[kind]);
  if (!hasGeneration) return;
  const [later, itsKid] = tokenWith(entry, 3);
  expect(reasonAmong(comparisonsWith(ledger, later, itsKid))).toBeUndefined();
});

it('says what the verdict says, whatever is revoked and presented', () => {
  const kinds = fc.constantFrom(...REVOCATION_KIND_NAMES);
  const some = fc.array(fc.tuple(kinds, fc.nat(3), fc.nat(2)), { maxLength: 12 });
  const verdictOf = (reason: string | undefined) => {
    if (reason === undefined) return 'holds';
    return reason === 'claims_changed' ? 'claims_changed' : 'revoked';
  };
  fc.assert(
    fc.property(some, some, (made, shown) => {
      const ledger = new Ledger();
      for (const [kind, generation, at] of made) ledger.apply(somethingOf(kind, generation, at));
      for (const [kind, generation, at] of shown) {
        const [claims, kid] = tokenWith(somethingOf(kind, 0, at), generation, at);
        for (const each of [claims, ofMachine(claims)]) {
          const reason = reasonAmong(comparisonsWith(ledger, each, kid));
          expect(verdictOf(reason)).toBe(ledger.judge(each, kid));
        }
      }
    }),
    { numRuns: 500 },
  );
});
