import type { Verifier } from '@portcullis/verify';
import { protect } from '@portcullis/verify/web';

declare const verifier: Verifier;

const signedIn = protect(verifier);
export const GET = signedIn((_, caller) => new Response(`the orders of ${caller.sub}`));
