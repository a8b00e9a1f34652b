import { createPortcullisClient } from '@portcullis/client';
import { indexedDbStorage } from '@portcullis/client/indexeddb';

const storage = indexedDbStorage();
const { session } = createPortcullisClient({
  auth: 'http://localhost:4000',
  storage,
  dpop: storage.dpopKey,
});
session.subscribe(() => console.log(session.state.status));
const state = await session.ready();
if (state.status === 'signed_in') console.log(`until ${state.expiresAt ?? 'an unknown time'}`);
