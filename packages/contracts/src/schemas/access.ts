import * as z from 'zod';
import { MAX_SCOPE_LENGTH, PERMISSION_NAME, ROLE_NAME } from '../access.ts';

/** By their form: which there are is declared (../access-config.ts). */
export const permission = z.string().regex(PERMISSION_NAME);
export const role = z.string().regex(ROLE_NAME);
/** All that a client may have: one token can hold it. */
export const scopesOfClient = z
  .array(permission)
  .refine((scopes) => scopes.join(' ').length <= MAX_SCOPE_LENGTH, {
    message: `has more than ${MAX_SCOPE_LENGTH} characters together`,
  });
/** Of any issuer, and any release of ours: an unknown role costs no token. */
export const roleOfToken = z.string().min(1).max(64);
