import { createPortcullisClient, isPortcullisError, routerType } from '@portcullis/client';
import type { OrdersRouter } from './main.js';

const portcullis = createPortcullisClient({
  auth: process.env['PORTCULLIS_ISSUER'] ?? '',
  services: {
    orders: {
      url: `http://127.0.0.1:${process.env['PORT'] ?? 4010}`,
      path: '', // the standalone server has its router at the root
      router: routerType<OrdersRouter>(),
    },
  },
});
const ada = { email: 'ada@example.com', password: 'a lantern above the western gate' };
await portcullis.auth.register.mutate({ ...ada, name: 'Ada' }); // accepted, also where she is known
await portcullis.logIn(ada);

const { orders } = portcullis.services;
await orders.place.mutate('a lantern');
const mine = await orders.mine.query(); // the token is renewed by itself, once for all calls
console.log(`Ada has ordered ${mine.at(-1) ?? 'nothing'}`);

const receipt = await portcullis.logOut();
console.log(`${receipt?.confirmed} of ${receipt?.expected} verifiers refuse her token`);
try {
  await orders.mine.query();
} catch (error) {
  if (!isPortcullisError(error, 'invalid_token')) throw error;
  console.log('Ada has to log in again');
}
