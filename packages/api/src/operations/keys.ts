/** Signing keys, and what administrators do to them. */
import { keyId, receipt, receiptWait } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import type { Operations } from './operation.ts';

export const killKeyInput = z.strictObject({ kid: keyId, wait: receiptWait });
export const rotatedKey = z.object({ kid: keyId });

const tag = 'Operation';

export const keyOperations = {
  rotate: {
    permission: 'keys:write',
    output: rotatedKey,
    audit: 'key.rotated',
    route: {
      method: 'POST',
      path: '/v1/keys/rotate',
      summary: 'Publish a new key, and sign with it 10 s later; older tokens live out their time',
      tag,
    },
  },
  kill: {
    permission: 'keys:write',
    input: killKeyInput,
    output: receipt,
    audit: 'key.killed',
    route: {
      method: 'DELETE',
      path: '/v1/keys/{kid}',
      summary: 'Emergency: refuse everything that this key has ever signed',
      tag,
    },
  },
} as const satisfies Operations;
