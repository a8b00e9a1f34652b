/** What the services of images are started in: servers of their own, and auth beside those that verify. */
import {
  appDatabase,
  authSettings,
  createTestBed,
  ensureMachineClient,
  freePort,
  startAuth,
} from '@portcullis/testbed';
import { randomBytes } from 'node:crypto';
import type { Service } from './contents.mjs';

export interface Surroundings extends AsyncDisposable {
  /** The environment of the service, as a deployment gives it, with its PORT. */
  readonly env: Readonly<Record<string, string>>;
}

/** In production auth wants a server for mails, or to be told that there is none. */
const WITHOUT_MAIL = { PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT: 'true' };

export async function surroundingsOf(service: Service): Promise<Surroundings> {
  const bed = await createTestBed({
    databases: { auth: appDatabase('auth'), user: appDatabase('user') },
  });
  const end = { [Symbol.asyncDispose]: () => bed.dispose() };
  try {
    if (service === 'auth') {
      const { env, port } = await authSettings(bed, WITHOUT_MAIL);
      return { env: { ...env, PORT: String(port) }, ...end };
    }
    const auth = await startAuth(bed, WITHOUT_MAIL);
    const secret = randomBytes(33).toString('base64url');
    const client = { id: `cli_${service}`, name: service, secret } as const;
    const scope = 'revocations:read tokens:introspect users:rename';
    await ensureMachineClient(auth, { ...client, scope });
    const env = {
      PORT: String(await freePort()),
      NATS_URL: bed.natsUrl,
      PORTCULLIS_PREFIX: bed.prefix,
      PORTCULLIS_ISSUER: auth.issuer,
      PORTCULLIS_AUDIENCE: `urn:portcullis:${service}`,
      PORTCULLIS_CLIENT_ID: client.id,
      PORTCULLIS_CLIENT_SECRET: secret,
      ...(service === 'user' && { DATABASE_URL: bed.databaseUrls.user }),
    };
    return { env, ...end };
  } catch (error) {
    await bed.dispose().catch(() => {}); // the first error is the one that matters
    throw error;
  }
}
