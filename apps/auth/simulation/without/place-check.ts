import type { Variant } from '../variant.ts';

/** A position within the log is taken for one of this log, whatever stands there. */
export const withoutPlaceCheck: Variant = {
  auth({ log, registry, bus }) {
    return {
      bus,
      registry,
      log: {
        ...log,
        read: async (after, resume) => ({ ...(await log.read(after, resume)), from: undefined }),
      },
    };
  },
};
