import type { GrantReply } from '@portcullis/contracts';
import type { Variant } from '../variant.ts';

/** A request is given the answer of a batch that was already under way, and registers meanwhile. */
export const withoutReadAfterRequest: Variant = {
  auth({ log, registry, bus }) {
    const underWay = new Map<string, Promise<GrantReply>>();
    return {
      log,
      registry,
      bus: {
        ...bus,
        get connected() {
          return bus.connected;
        },
        async listen(listener) {
          await bus.listen({
            ...listener,
            async grant(request) {
              const { nonce, incarnation, epoch, position } = request;
              const question = `${epoch} ${position}`;
              const other = underWay.get(question);
              if (other !== undefined) {
                const [answer] = await Promise.all([other, registry.register([request], 1_000)]);
                return { ...answer, nonce, incarnation };
              }
              const answer = listener.grant(request).finally(() => underWay.delete(question));
              underWay.set(question, answer);
              return await answer;
            },
          });
        },
      },
    };
  },
};
