import type { Fault } from '../fault.ts';
import { hinderedAuth } from '../stage/hindered-auth.ts';

export const postgresLockedOut: Fault = {
  name: 'postgres-locked-out',
  about: 'the database of auth takes no connection; no auth is ready',
  takes: ({ lasting }) => lasting + 6_000,
  async run(scene) {
    await hinderedAuth(scene, {
      // The connection that watches the log stays; it was there before.
      change: (database) => `alter database ${database} allow_connections false`,
      back: (database) => `alter database ${database} allow_connections true`,
    });
  },
};
