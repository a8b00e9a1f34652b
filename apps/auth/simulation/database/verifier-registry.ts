/** The port VerifierRegistry with the isolation of its SQL (`src/revocation/postgres-verifier-registry.ts`). */
import type { GrantRequest, IncarnationId } from '@portcullis/contracts';
import type { Registration, VerifierRegistry } from '../../src/revocation/registry.ts';
import type { Connection } from './connection.ts';
import type { Database, VerifierRow } from './database.ts';

export function simulatedVerifierRegistry(connection: Connection): VerifierRegistry {
  const { database, process } = connection;

  return {
    async register(requests, maxStalenessMs) {
      const taken = await connection.statement(() => {
        const rows = new Map(requests.map((each) => [each.incarnation, each]));
        const { head } = database;
        return new Map<IncarnationId, Registration>(
          [...rows.values()].map((request) => {
            const isBeyond =
              request.epoch === database.epoch && !database.isWithin(request.position);
            const { kinds } = upsert(
              database,
              isBeyond ? { ...request, epoch: null, position: 0 } : request,
              maxStalenessMs,
            );
            return [
              request.incarnation,
              { head, isBeyond, kindsUnknown: kinds === null, access: null },
            ];
          }),
        );
      });
      await process.pass('registered');
      return taken;
    },

    async list() {
      return await connection.statement(async () => {
        const rows = [...database.verifiers].map(([incarnation, row]) => ({
          incarnation,
          ...row,
        }));
        const { epoch, head } = database;
        await database.world.pass(database.duration());
        const issuerTime = database.clock.now();
        const verifiers = rows.map(({ renewedAt, ...row }) => ({
          ...row,
          // There are no mappings of roles here.
          access: null,
          renewedMsAgo: Math.max(0, issuerTime - renewedAt),
        }));
        return { verifiers, issuerTime, epoch, head };
      });
    },

    async discount(incarnation, renewals) {
      await connection.statement(() => {
        if (database.verifiers.get(incarnation)?.renewals !== renewals) return;
        database.enroll(incarnation, undefined);
        database.history.tell(process.name, `discounted ${database.history.nameOf(incarnation)}`);
      });
    },

    async remove(incarnation, service) {
      await connection.statement(() => {
        if (database.verifiers.get(incarnation)?.service !== service) return;
        database.enroll(incarnation, undefined);
        database.history.tell(process.name, `removed ${database.history.nameOf(incarnation)}`);
      });
    },
  };
}

function upsert(database: Database, request: GrantRequest, maxStalenessMs: number): VerifierRow {
  const { incarnation, service, policy, epoch, position } = request;
  const known = database.verifiers.get(incarnation);
  const row: VerifierRow = {
    service: known?.service ?? service,
    policy: known?.policy ?? policy,
    maxStalenessMs: Math.max(known?.maxStalenessMs ?? 0, maxStalenessMs),
    epoch,
    position,
    renewals: database.nextRenewal(known?.renewals),
    renewedAt: database.clock.now(),
    kinds: request.kinds ?? known?.kinds ?? null,
  };
  database.enroll(incarnation, row);
  database.history.record({ what: 'registered', incarnation, epoch, position });
  return row;
}
