/** Signing keys. */
import { keyId, receiptWait } from '@portcullis/contracts/schemas';
import * as z from 'zod';

export const killKeyInput = z.strictObject({ kid: keyId, wait: receiptWait });
export const rotatedKey = z.object({ kid: keyId });
