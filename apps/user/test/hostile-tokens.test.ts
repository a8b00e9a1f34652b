import { userId } from '@portcullis/contracts/schemas';
import { refusesHostileTokens } from '@portcullis/testbed/hostile-suite';
import { askOverHttp, createForge } from '@portcullis/testkit';
import { vi } from 'vitest';
import { createSurroundings, registered, startUserService } from './user-service.ts';

refusesHostileTokens(async () => {
  const { bed, issuer, config, makeStream, publish } = await createSurroundings();
  issuer.revocations.maxStalenessMs = 1_500;
  const forge = await createForge(issuer);
  const service = bed.use(await startUserService(config));
  const address = `${service.url}/v1/me`;
  await makeStream();
  await publish(registered(userId.parse(forge.claims['sub'])));
  await vi.waitUntil(async () => (await askOverHttp(address, forge.good)).status === 200, {
    timeout: 20_000,
  });
  return { bed, address, issuer, forge };
});
