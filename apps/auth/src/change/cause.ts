import type { Actor } from '@portcullis/contracts';

/** Who does it, and on whose request. */
export interface Cause {
  actor: Actor;
  requestId: string;
  address: string | null;
}
