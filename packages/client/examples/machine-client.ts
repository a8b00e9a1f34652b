import { createMachineClient } from '@portcullis/client';

const auth = createMachineClient({
  authUrl: 'http://localhost:4000',
  clientId: 'cli_reports',
  clientSecret: process.env['CLIENT_SECRET'] ?? '',
});
export const page = await auth.accounts.list.query({ limit: 20 });
