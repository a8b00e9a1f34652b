import type { Forge } from './forge.ts';

export type NamedToken = readonly [name: string, make: (forge: Forge) => string];

export interface TokenCase {
  name: string;
  make(forge: Forge): string;
}

export interface HostileCase extends TokenCase {
  /** The class that it is of. */
  group: 'form' | 'header' | 'claims';
}
