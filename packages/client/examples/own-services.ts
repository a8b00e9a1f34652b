import { createPortcullisClient, routerType } from '@portcullis/client';
import type { OrdersRouter } from './orders-router.ts';

const portcullis = createPortcullisClient({
  auth: 'http://localhost:4000',
  services: {
    orders: { url: 'http://localhost:4100', router: routerType<OrdersRouter>() },
    reports: { url: 'http://localhost:4200/v1' },
  },
});
await portcullis.logIn({ email: 'ada@example.com', password: 'a lantern above the western gate' });
const mine = await portcullis.services.orders.me.get.query();
const answer = await portcullis.fetch('http://localhost:4200/v1/reports?limit=20');
console.log(mine.name, answer.status); // Ada 200
