/** What this service keeps of a person, and where. */
import type { UserId } from '@portcullis/contracts';

export interface StoredProfile {
  id: UserId;
  email: string;
  name: string | null;
  createdAt: Date;
  updatedAt: Date;
}

/** `deleted`: there was one, and it is not coming back. Undefined: nothing was heard of it yet. */
export type Found = StoredProfile | 'deleted' | undefined;

export interface Profiles {
  find(id: UserId): Promise<Found>;
  rename(id: UserId, name: string | null): Promise<Found>;
  /** Does nothing where there is a profile or a tombstone already. */
  create(profile: Omit<StoredProfile, 'updatedAt'>): Promise<void>;
  /** Leaves a tombstone and no personal data, whether or not there was a profile. */
  bury(id: UserId, at: Date): Promise<void>;
}
