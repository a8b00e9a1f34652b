import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The root of the checkout that this package runs from: three folders above `src` and `dist`. Of an
 * installed package it is no checkout; what needs one asks `checkoutRoot`.
 */
export const repositoryRoot: string = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** @throws Error when this package was installed, and does not run in a checkout of Portcullis */
export function checkoutRoot(): string {
  if (isCheckout()) return repositoryRoot;
  throw new Error(
    'this part of @portcullis/testkit starts services from a checkout of Portcullis; ' +
      'use createTestIssuer, which needs none',
  );
}

/** Whether this package runs in a checkout of Portcullis. */
export function isCheckout(): boolean {
  return existsSync(join(repositoryRoot, 'pnpm-workspace.yaml'));
}
