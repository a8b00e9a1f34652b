import { defineConfig } from '@portcullis/contracts';

export default defineConfig({
  number: 1,
  permissions: ['orders:read', 'orders:refund'],
  roles: { clerk: ['orders:read'], manager: ['orders:read', 'orders:refund', 'users:read'] },
  scopes: [],
});
