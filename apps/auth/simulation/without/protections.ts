/** Each protection of the protocol, and the protocol without it. */
import type { Variant } from '../variant.ts';
import { withoutDenseNumbering } from './dense-numbering.ts';
import { withoutEndedBackup } from './ended-backup.ts';
import { withoutFreshnessCheck } from './freshness-check.ts';
import { withoutGenerationCompare } from './generation-compare.ts';
import { withoutIssuerClock } from './issuer-clock.ts';
import { withoutNonce } from './nonce.ts';
import { withoutHeadCheck } from './head-check.ts';
import { withoutPlaceCheck } from './place-check.ts';
import { withoutReadAfterRequest } from './read-after-request.ts';
import { withoutRegisterFirst } from './register-first.ts';
import { withoutRenewalNumbers } from './renewal-numbers.ts';
import { withoutResynchronise } from './resynchronise.ts';
import { withoutWaitForConfirmed } from './wait-for-confirmed.ts';

export const WITHOUT: ReadonlyMap<string, Variant> = new Map([
  ['register-first', withoutRegisterFirst],
  ['read-after-request', withoutReadAfterRequest],
  ['dense-numbering', withoutDenseNumbering],
  ['freshness-check', withoutFreshnessCheck],
  ['nonce', withoutNonce],
  ['resynchronise', withoutResynchronise],
  ['generation-compare', withoutGenerationCompare],
  ['issuer-clock', withoutIssuerClock],
  ['wait-for-confirmed', withoutWaitForConfirmed],
  ['renewal-numbers', withoutRenewalNumbers],
  ['head-check', withoutHeadCheck],
  ['place-check', withoutPlaceCheck],
  ['ended-backup', withoutEndedBackup],
]);
