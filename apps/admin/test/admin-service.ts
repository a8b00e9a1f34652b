/** The admin service in this process, on real NATS, with an issuer of the testkit and auth stood in for. */
import { subjectsOf } from '@portcullis/bus';
import { grantRequest } from '@portcullis/contracts/schemas';
import { connectBus, createLogger, Disposal } from '@portcullis/service';
import { createTestBed, freePort } from '@portcullis/testbed';
import { createForge, createTestIssuer } from '@portcullis/testkit';
import { vi } from 'vitest';
import { compose } from '../src/compose.ts';
import { CREDENTIALS, startAuthStandIn } from './auth-stand-in.ts';

const AUDIENCE = 'urn:portcullis:admin';

export async function startAdminService() {
  const bed = await createTestBed();
  const issuer = bed.use(await createTestIssuer({ audience: AUDIENCE }));
  // Before the service fetches the keys.
  const forge = await createForge(issuer);
  const auth = bed.use(await startAuthStandIn());
  const logger = createLogger({ service: 'test', level: 'silent' });
  const bus = bed.use(
    await connectBus({ url: bed.natsUrl, name: 'issuer', prefix: bed.prefix, logger }),
  );
  const feed = issuer.revocations.feed();
  bus.connection.subscribe(subjectsOf(bed.prefix).grants, {
    callback: (_error, message) => {
      const request = grantRequest.parse(message.json());
      void feed.request(request, 1_000).then((reply) => message.respond(reply));
    },
  });
  const owned = bed.use(new Disposal());
  const port = await freePort();
  await compose(
    {
      production: false,
      host: '127.0.0.1',
      port,
      logLevel: 'silent',
      publicUrls: [`http://127.0.0.1:${port}`],
      trustedProxies: [],
      drainDelayMs: 0,
      cookies: { insecure: false, origins: [] },
      natsUrl: bed.natsUrl,
      tlsFiles: {},
      prefix: bed.prefix,
      issuer: issuer.issuer,
      audience: AUDIENCE,
      authUrl: auth.url,
      client: CREDENTIALS,
    },
    owned,
  );
  const url = `http://127.0.0.1:${port}`;
  await vi.waitUntil(async () => (await fetch(`${url}/readyz`)).ok, { timeout: 10_000 });
  return { bed, issuer, forge, auth, url };
}
