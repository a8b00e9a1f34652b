import type { Fault } from '../fault.ts';
import { hinderedAuth } from '../stage/hindered-auth.ts';

export const postgresReadOnly: Fault = {
  name: 'postgres-read-only',
  about: 'the database of auth is read-only, as of a deposed primary; no auth is ready',
  takes: ({ lasting }) => lasting + 6_000,
  async run(scene) {
    await hinderedAuth(scene, {
      change: (database) => `alter database ${database} set default_transaction_read_only = on`,
      back: (database) => `alter database ${database} reset default_transaction_read_only`,
    });
  },
};
