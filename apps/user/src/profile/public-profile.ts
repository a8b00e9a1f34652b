import type { Profile } from '@portcullis/api';
import type { StoredProfile } from './profiles.ts';

export function publicProfile(stored: StoredProfile): Profile {
  return {
    id: stored.id,
    email: stored.email,
    name: stored.name,
    created_at: stored.createdAt.toISOString(),
    updated_at: stored.updatedAt.toISOString(),
  };
}
