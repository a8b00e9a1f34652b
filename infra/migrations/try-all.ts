import { createTestBed } from '@portcullis/testbed';
import { applyEach, type Size } from './apply-each.ts';
import { AUTH } from './auth-subject.ts';
import type { Tried } from './offences.ts';
import { underAuth } from './under-auth.ts';
import { USER } from './user-subject.ts';

const BARE = { name: 'bare', sources: [], migrate: async () => undefined };

/** Every migration of both services, on databases of its own. */
export async function tryAll(size: Size, done: (tried: Tried) => void): Promise<void> {
  await using bed = await createTestBed({ databases: { auth: BARE, user: BARE } });
  await applyEach(AUTH, bed.databaseUrls.auth, size, done);
  done(await underAuth(bed, size));
  await applyEach(USER, bed.databaseUrls.user, size, done);
}
