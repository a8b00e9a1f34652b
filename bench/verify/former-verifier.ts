/** The verifier of another commit, from a checkout of it that is installed. */
import type { Verifier, VerifierOptions } from '@portcullis/verify';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

type CreateVerifier = (options: VerifierOptions) => Promise<Verifier>;

interface VerifyPackage {
  readonly createVerifier: CreateVerifier;
}

/** @returns its `createVerifier`, under the names of today where it is of before 0.2.0 */
export async function verifierOf(checkout: string): Promise<CreateVerifier> {
  const source = join(checkout, 'packages', 'verify', 'src', 'index.ts');
  const loaded: unknown = await import(pathToFileURL(source).href);
  if (!isVerifyPackage(loaded)) throw new Error(`${source} has no createVerifier`);
  return async (options: VerifierOptions) => {
    const { feed } = options;
    const both = { ...feed, farewell: feed.deregister };
    const verifier = await loaded.createVerifier({ ...options, feed: both });
    if (!('verifyAtOnce' in verifier)) return verifier;
    return Object.assign(verifier, { verifyMaybeSync: verifier.verifyAtOnce });
  };
}

function isVerifyPackage(loaded: unknown): loaded is VerifyPackage {
  return (
    typeof loaded === 'object' &&
    loaded !== null &&
    'createVerifier' in loaded &&
    typeof loaded.createVerifier === 'function'
  );
}
