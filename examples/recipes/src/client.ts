import { createPortcullisClient, isPortcullisError } from '@portcullis/client';

const orders = `http://127.0.0.1:${process.env['PORT'] ?? 4010}`;
const portcullis = createPortcullisClient({
  auth: process.env['PORTCULLIS_ISSUER'] ?? '',
  services: { orders: { url: orders } }, // where the token may go
});
portcullis.session.subscribe(() => console.log(portcullis.session.state.status));

const ada = { email: 'ada@example.com', password: 'a lantern above the western gate' };
await portcullis.auth.register.mutate({ ...ada, name: 'Ada' }); // accepted, also where she is known
try {
  await portcullis.logIn({ ...ada, password: 'a lantern' });
} catch (error) {
  if (!isPortcullisError(error, 'invalid_credentials')) throw error;
  console.log('ask for address and password again');
}
await portcullis.logIn(ada);
const answer = await portcullis.fetch(`${orders}/orders`); // renewed by itself, once for all calls
console.log(answer.status);
await portcullis.logOut();
