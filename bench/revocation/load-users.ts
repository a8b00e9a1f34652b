/** A user who logs in again and again. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';

export interface LoadUsers {
  /** @returns an access token of a new session */
  logIn(): Promise<string>;
  /** @throws Error for an answer that is no success */
  post(path: string, body: unknown, token?: string): Promise<unknown>;
}

export async function createLoadUsers(authUrl: string): Promise<LoadUsers> {
  const account = {
    email: `${randomBytes(6).toString('hex')}@example.test`,
    password: randomBytes(18).toString('base64url'),
  };
  const post: LoadUsers['post'] = async (path, body, token) => {
    const response = await fetch(`${authUrl}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  await post('/v1/register', account);
  return {
    post,
    async logIn() {
      const answer = await post('/v1/login', account);
      return z.object({ access_token: z.string() }).parse(answer).access_token;
    },
  };
}
