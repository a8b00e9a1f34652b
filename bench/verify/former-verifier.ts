/** The verifier of another commit, from a checkout of it that is installed. */
import type { createVerifier } from '@portcullis/verify';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface VerifyPackage {
  readonly createVerifier: typeof createVerifier;
}

export async function verifierOf(checkout: string): Promise<typeof createVerifier> {
  const source = join(checkout, 'packages', 'verify', 'src', 'index.ts');
  const loaded: unknown = await import(pathToFileURL(source).href);
  if (!isVerifyPackage(loaded)) throw new Error(`${source} has no createVerifier`);
  return loaded.createVerifier;
}

function isVerifyPackage(loaded: unknown): loaded is VerifyPackage {
  return (
    typeof loaded === 'object' &&
    loaded !== null &&
    'createVerifier' in loaded &&
    typeof loaded.createVerifier === 'function'
  );
}
