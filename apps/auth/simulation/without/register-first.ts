import type { LogPage } from '../../src/revocation/log.ts';
import type { Variant } from '../variant.ts';

/** The log is read first, and the registration committed afterwards. */
export const withoutRegisterFirst: Variant = {
  auth({ log, registry, bus }) {
    const early = new Map<number, LogPage>();
    return {
      bus,
      registry: {
        ...registry,
        async register(requests, maxStalenessMs) {
          early.clear();
          for (const { epoch, position } of requests) {
            const after = epoch === null ? 0 : position;
            early.set(after, await log.read({ after, anchor: after }));
          }
          return await registry.register(requests, maxStalenessMs);
        },
      },
      log: {
        ...log,
        read: async (place) =>
          (place.resume === undefined ? early.get(place.after) : undefined) ??
          (await log.read(place)),
      },
    };
  },
};
