import { refusesHostileTokens } from '@portcullis/testbed/hostile-suite';
import { startAdminService } from './admin-service.ts';

refusesHostileTokens(async () => {
  const { bed, issuer, forge, url } = await startAdminService();
  issuer.revocations.maxStalenessMs = 1_500;
  return { bed, address: `${url}/v1/verifiers`, issuer, forge };
});
