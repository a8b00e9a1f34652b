/**
 * One table of what a verifier must refuse, and one of what it must not, for the verify package and
 * for services over HTTP alike. All hostile tokens but those whose signature is the matter are signed
 * by the issuer's own key: nothing else about them would be a reason to refuse.
 */
import { CLAIM } from './claims.ts';
import { FORM } from './form.ts';
import type { HostileCase, NamedToken, TokenCase } from './case.ts';
import { HEADER } from './header.ts';
import { LEGITIMATE } from './legitimate.ts';

const casesOf = (named: readonly NamedToken[]): TokenCase[] =>
  named.map(([name, make]) => ({ name, make }));

/** Each is refused with `invalid_token`. */
export const HOSTILE_TOKENS: readonly HostileCase[] = [
  ...casesOf(FORM).map((one) => ({ group: 'form' as const, ...one })),
  ...casesOf(HEADER).map((one) => ({ group: 'header' as const, ...one })),
  ...casesOf(CLAIM).map((one) => ({ group: 'claims' as const, ...one })),
];

/** Each is accepted. */
export const LEGITIMATE_TOKENS: readonly TokenCase[] = casesOf(LEGITIMATE);

/** Bytes that Node's parser takes for all headers together, with room for the others. */
const MAX_HEADER_LENGTH = 14_000;

/** Whether `Authorization: Bearer TOKEN` can carry it as it is. What cannot is never met over HTTP. */
export function isSendable(token: string): boolean {
  return /^(?! )[\x20-\x7e]*(?<! )$/.test(token) && token.length <= MAX_HEADER_LENGTH;
}
