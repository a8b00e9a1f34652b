/** The plain HTTP surface, as curl would use it. */
import type { Receipt } from '@portcullis/contracts';
import { receipt } from '@portcullis/contracts/schemas';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const tokens = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  session_id: z.string(),
});
export type Tokens = z.infer<typeof tokens>;

export interface Account {
  email: string;
  password: string;
}

export async function post(url: string, body: unknown, token?: string): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
}

export async function get(url: string, token: string): Promise<Response> {
  return await fetch(url, { headers: { authorization: `Bearer ${token}` } });
}

/** The status alone; the body is read, so that the connection is free again. */
export async function statusOf(response: Promise<Response> | Response): Promise<number> {
  const { status, body } = await response;
  await body?.cancel();
  return status;
}

export async function register(authUrl: string): Promise<Account> {
  const account = {
    email: `user-${randomBytes(6).toString('hex')}@example.test`,
    password: randomBytes(18).toString('base64url'),
  };
  const response = await post(`${authUrl}/v1/register`, { ...account, name: 'Ada' });
  if (response.status !== 201) throw new Error(`register: ${await response.text()}`);
  return account;
}

export async function logIn(authUrl: string, account: Account): Promise<Tokens> {
  const response = await post(`${authUrl}/v1/login`, account);
  if (response.status !== 200) throw new Error(`login: ${await response.text()}`);
  return tokens.parse(await response.json());
}

export async function refresh(authUrl: string, { refresh_token }: Tokens): Promise<Tokens> {
  const response = await post(`${authUrl}/v1/refresh`, { refresh_token });
  if (response.status !== 200) throw new Error(`refresh: ${await response.text()}`);
  return tokens.parse(await response.json());
}

/** Logs out, or out everywhere, and reads the receipt. */
export async function logOut(
  authUrl: string,
  token: string,
  path: 'logout' | 'logout-all' = 'logout',
  waitMs = 2_000,
): Promise<Receipt> {
  const response = await post(`${authUrl}/v1/${path}?wait=${waitMs}`, {}, token);
  if (response.status !== 200) throw new Error(`${path}: ${await response.text()}`);
  return receipt.parse(await response.json());
}

export async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json();
  return z.object({ code: z.string() }).parse(body).code;
}
