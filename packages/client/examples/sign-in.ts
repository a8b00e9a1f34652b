import { createPortcullisClient, isPortcullisError } from '@portcullis/client';

const portcullis = createPortcullisClient({ auth: 'https://auth.example.com' });

export async function openSession(): Promise<void> {
  try {
    const result = await portcullis.completeSignIn(); // undefined: nobody has come back
    if (result !== undefined) return;
  } catch (error) {
    if (!isPortcullisError(error, 'invalid_code')) throw error;
  }
  const { status } = await portcullis.session.ready();
  if (status === 'signed_in') return;
  await portcullis.signIn({ redirect: 'https://app.example.com/back', client: 'cli_shop' });
}
