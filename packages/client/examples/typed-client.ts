import { createPortcullisClient, isPortcullisError } from '@portcullis/client';

const portcullis = createPortcullisClient({
  auth: 'http://localhost:4000',
  user: 'http://localhost:4001',
  admin: 'http://localhost:4002',
});

await portcullis.logIn({ email: 'ada@example.com', password: 'a lantern above the western gate' });
const me = await portcullis.user.me.get.query(); // refreshed when needed, once for all calls
const receipt = await portcullis.logOut();
console.log(`${me.name} is out: ${receipt?.confirmed} of ${receipt?.expected} verifiers confirmed`);

try {
  await portcullis.user.me.get.query();
} catch (error) {
  if (!isPortcullisError(error, 'invalid_token')) throw error;
}
