import type { AdminService } from '@portcullis/api';
import { askAuth, type AuthClient } from '../auth-service.ts';

export function changeKeys({ keys }: AuthClient): Pick<AdminService, 'rotateKey' | 'killKey'> {
  return {
    rotateKey: (call) =>
      askAuth(call, (options) => keys.rotate.mutate({ actor: call.caller.sub }, options)),
    killKey: (call, input) =>
      askAuth(call, (options) => keys.kill.mutate({ ...input, actor: call.caller.sub }, options)),
  };
}
