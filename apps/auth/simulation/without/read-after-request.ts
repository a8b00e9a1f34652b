import type { GrantReply } from '@portcullis/contracts';
import type { Variant } from '../variant.ts';

/** A caller that asks the same as another whose answer is under way is given that answer. */
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
              if (other !== undefined) return { ...(await other), nonce, incarnation };
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
