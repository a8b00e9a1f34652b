/**
 * The cause of each alert, in the order that they are brought about in. Those with errors of ours come first: what they
 * leave in the windows of PortcullisErrorsSlow is over by the end.
 */
import type { Cause } from './cause.ts';
import { OF_AUTH } from './of-auth.ts';
import { OF_PARTS } from './of-parts.ts';
import { OF_REVOCATION } from './of-revocation.ts';

export const CAUSES: readonly Cause[] = [...OF_PARTS, ...OF_REVOCATION, ...OF_AUTH];
