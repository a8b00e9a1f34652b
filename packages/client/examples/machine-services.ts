import { createMachineClient, routerType } from '@portcullis/client';
import type { OrdersRouter } from './orders-router.ts';

const machine = createMachineClient({
  authUrl: 'http://localhost:4000',
  clientId: 'cli_reports',
  clientSecret: process.env['CLIENT_SECRET'] ?? '',
  services: {
    orders: {
      url: 'http://localhost:4100',
      router: routerType<OrdersRouter>(),
      audience: 'urn:acme:orders',
      scope: 'orders:read',
    },
  },
});
export const orders = await machine.services.orders.me.get.query();
export const token = await machine.token({ audience: 'urn:acme:orders' });
