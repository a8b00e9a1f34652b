/** What this service keeps of a user, and where. */
import type { UserId } from '@portcullis/contracts';

export interface StoredProfile {
  id: UserId;
  email: string;
  name: string | null;
  createdAt: Date;
  updatedAt: Date;
}

/** `deleted`: there was one, and it is not coming back. Undefined: no event about it has come yet. */
export type Found = StoredProfile | 'deleted' | undefined;

/** A profile with what shows whether it is still as it was read. */
export interface Reconcilable {
  id: UserId;
  email: string;
  emailAt: Date | null;
  name: string | null;
  nameAt: Date | null;
}

export interface Profiles {
  /** Those that are not deleted, in the order of their ids. */
  page(after: UserId | undefined, limit: number): Promise<Reconcilable[]>;
  /** @returns whether the profile was still as it was read */
  correctEmail(read: Reconcilable, email: string): Promise<boolean>;
  find(id: UserId): Promise<Found>;
  /** Unless a later name is known already. @returns the profile as it is then */
  rename(id: UserId, name: string | null, at: Date): Promise<Found>;
  /** Adds what is not known yet; changes nothing else of a profile, and nothing of a tombstone. */
  create(profile: Omit<StoredProfile, 'updatedAt'>): Promise<void>;
  /** Unless a later address is known already. A profile that is not there yet begins with this. */
  readdress(id: UserId, email: string, at: Date): Promise<void>;
  /** Leaves a tombstone and no personal data, whether or not there was a profile. */
  bury(id: UserId, at: Date): Promise<void>;
}
