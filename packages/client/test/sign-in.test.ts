/** The SDK's side of signing in on the pages of auth: which answers it takes, over a real server. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPortcullisClient, type PortcullisError } from '../src/index.ts';

const ISSUER = 'https://auth.example.test';
const REDIRECT = 'https://app.example.test/back';

let server: Server;
let auth: string;
/** The bodies of the exchanges. */
let exchanged: unknown[];

beforeAll(async () => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/.well-known/oauth-authorization-server') {
      response.end(JSON.stringify({ issuer: ISSUER }));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    exchanged.push(JSON.parse(Buffer.concat(chunks).toString()));
    const data = {
      access_token: 'a.b.c',
      token_type: 'Bearer',
      expires_in: 600,
      refresh_token: 'prt_x',
      session_id: 'ses_x',
    };
    response.end(JSON.stringify({ result: { data } }));
  };
  server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  auth = `http://127.0.0.1:${address.port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  exchanged = [];
});

async function begun() {
  const portcullis = createPortcullisClient({ auth });
  let opened = '';
  const navigate = (url: string): void => {
    opened = url;
  };
  await portcullis.signIn({ redirect: REDIRECT, client: 'cli_shop', navigate });
  const asked = new URL(opened);
  const answer = (changes: Record<string, string>): string => {
    const state = asked.searchParams.get('state') ?? '';
    return `${REDIRECT}?${new URLSearchParams({ code: 'pac_x', state, iss: ISSUER, ...changes })}`;
  };
  return { portcullis, asked, answer };
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'taken',
    (error: PortcullisError) => error.code,
  );

describe('signing in', () => {
  it('asks for a code with PKCE, and exchanges it with the verifier', async () => {
    const { portcullis, asked, answer } = await begun();
    expect(`${asked.origin}${asked.pathname}`).toBe(`${auth}/oauth2/authorize`);
    const { code_challenge: challenge, state, ...others } = Object.fromEntries(asked.searchParams);
    expect(others).toEqual({
      response_type: 'code',
      client_id: 'cli_shop',
      redirect_uri: REDIRECT,
      code_challenge_method: 'S256',
    });
    expect(state).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const result = await portcullis.completeSignIn(answer({}));
    expect(result).toEqual({ status: 'logged_in', sessionId: 'ses_x' });
    const [body] = exchanged as [{ code_verifier: string }];
    expect(body).toMatchObject({ code: 'pac_x', redirect_uri: REDIRECT, client_id: 'cli_shop' });
    expect(body.code_verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(createHash('sha256').update(body.code_verifier).digest('base64url')).toBe(challenge);
  });

  it.each([
    ['with another state', { state: 'x' }, 'invalid_code'],
    ['of another server', { iss: 'https://other.example.test' }, 'invalid_code'],
  ])('refuses an answer %s', async (_, changes, code) => {
    const { portcullis, answer } = await begun();
    expect(await codeOf(portcullis.completeSignIn(answer(changes)))).toBe(code);
    expect(exchanged).toEqual([]);
  });

  it('takes an answer once', async () => {
    const { portcullis, answer } = await begun();
    expect(await codeOf(portcullis.completeSignIn(answer({})))).toBe('taken');
    expect(await codeOf(portcullis.completeSignIn(answer({})))).toBe('invalid_code');
    expect(exchanged).toHaveLength(1);
  });

  it('says that the request was refused', async () => {
    const { portcullis, answer } = await begun();
    const url = answer({ error: 'invalid_scope' }).replace('code=pac_x&', '');
    expect(await codeOf(portcullis.completeSignIn(url))).toBe('invalid_request');
  });

  it('finds nothing in an address that holds no answer', async () => {
    const { portcullis } = await begun();
    expect(await portcullis.completeSignIn(`${REDIRECT}?state=x`)).toBeUndefined();
    expect(await portcullis.completeSignIn(`${REDIRECT}?code=x`)).toBeUndefined();
  });
});
