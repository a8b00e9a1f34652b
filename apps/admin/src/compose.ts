/** The composition root: the auth service's client, the router, the server. */
import { createAdminRouter } from '@portcullis/api';
import { createMachineClient } from '@portcullis/client';
import {
  createVerifiedServiceParts,
  securedFetch,
  serveVerifiedService,
  type Disposal,
  type Running,
} from '@portcullis/service';
import { asksOf } from './auth-service.ts';
import type { AdminConfig } from './config.ts';

/** The name under which this service verifies, in receipts and on NATS. */
export const SERVICE = 'admin';
const VERSION = '0.2.0';

export async function compose(config: AdminConfig, owned: Disposal): Promise<Running> {
  const parts = createVerifiedServiceParts({ name: SERVICE, needed: 'auth', config });
  const auth = createMachineClient({
    authUrl: config.authUrl,
    ...config.client,
    fetch: securedFetch(config.tlsFiles),
  });
  return await serveVerifiedService(parts, {
    title: 'Portcullis admin service',
    version: VERSION,
    router: createAdminRouter(asksOf(auth)),
    // Not NATS, without which this service is only slower. Nor the auth service: while it does not
    // answer, each answer says so, and comes back by itself.
    readiness: parts.verification.readiness,
    owned,
  });
}
