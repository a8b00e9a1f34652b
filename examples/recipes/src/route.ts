import type { Verifier } from '@portcullis/verify';
import { protect } from '@portcullis/verify/web';

/** Takes the verifier, so that a test can give it another one. */
export const ordersRoute = (verifier: Verifier) =>
  protect(verifier)((_, caller) => new Response(`the orders of ${caller.sub}`));
