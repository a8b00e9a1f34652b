import type { AdminService } from '@portcullis/api';
import { askAuth, type AuthClient } from '../auth-service.ts';

export function readAudit({ audit }: AuthClient): Pick<AdminService, 'listAudit'> {
  return {
    listAudit: (call, input) => askAuth(call, (options) => audit.list.query(input, options)),
  };
}
