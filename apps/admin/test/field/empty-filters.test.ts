/** Fault L7 of docs/field-faults.md: a search form sends the filters that were not filled in as well. */
import { newId } from '@portcullis/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAdminService } from '../admin-service.ts';

let around: Awaited<ReturnType<typeof startAdminService>>;
beforeAll(async () => {
  around = await startAdminService();
});
afterAll(() => around.bed.dispose());

it.each([
  ['/v1/users?query=', 'accounts.list', { limit: 20 }],
  ['/v1/users?query=%20', 'accounts.list', { limit: 20 }],
  [
    '/v1/users?query=ada&status=&role=&cursor=&limit=',
    'accounts.list',
    { query: 'ada', limit: 20 },
  ],
  ['/v1/audit?actor=&target=&action=&cursor=&limit=', 'audit.list', { limit: 50 }],
  ['/v1/clients?cursor=&limit=', 'clients.list', { limit: 50 }],
])('L7: GET %s filters by nothing that is empty', async (path, asked, input) => {
  around.auth.asked.length = 0;
  const token = await around.issuer.mint({ sub: newId('usr'), roles: ['admin'] });
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${around.url}${path}`, { headers });
  expect([response.status, await response.json()]).toEqual([200, expect.anything()]);
  expect(around.auth.asked).toEqual([expect.objectContaining({ path: asked, input })]);
});
