import { createTestIssuer } from '@portcullis/testkit';
import { createVerifier, type PermissionOf, type RoleOf } from '@portcullis/verify';
import { protect } from '@portcullis/verify/web';
import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import config from './portcullis.config.js';

test('refunds are for managers', async () => {
  await using issuer = await createTestIssuer({ audience: 'urn:acme:orders', config });
  await using verifier = await createVerifier<PermissionOf<typeof config>, RoleOf<typeof config>>({
    ...issuer.verifierOptions(),
    service: 'orders',
  });
  await verifier.ready();
  const refunding = protect(verifier, { require: { permission: 'orders:refund' } });
  const route = refunding((_, caller) => new Response(`refunded by ${caller.sub}`));
  const statusFor = async (role: RoleOf<typeof config>) => {
    const { headers } = await issuer.signIn({ roles: [role] });
    return (await route(new Request('http://orders.test/', { headers }))).status;
  };

  equal(await statusFor('manager'), 200);
  equal(await statusFor('clerk'), 403);
  equal(await statusFor('admin'), 200); // it carries every permission that there is
});
