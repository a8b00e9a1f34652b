/** Grants and introspection over HTTP: to whom the secret is sent, and what counts as an answer. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { httpGrants, httpIntrospection } from '../src/feeds/http/index.ts';

const credentials = { clientId: 'cli_shop', clientSecret: 'a secret: with %' };

async function listening(answer: RequestListener) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    authUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('credentials', () => {
  it.each(['http://auth.example.com', 'http://127.0.0.1.example.com', 'ftp://auth.example.com'])(
    'are not sent to %s',
    (authUrl) => {
      expect(() => httpGrants({ authUrl, ...credentials })).toThrow(TypeError);
      expect(() => httpIntrospection({ authUrl, ...credentials })).toThrow(TypeError);
    },
  );

  it('follow no redirect', async () => {
    let reached = 0;
    await using elsewhere = await listening((_request, response) => {
      reached += 1;
      response.end('{"active":true}');
    });
    await using auth = await listening((_request, response) => {
      response.writeHead(307, { location: elsewhere.authUrl }).end();
    });
    await expect(httpIntrospection({ ...auth, ...credentials })('x', 1_000)).rejects.toThrow();
    await expect(httpGrants({ ...auth, ...credentials }).snapshot?.(1_000)).rejects.toThrow();
    expect(reached).toBe(0);
  });
});

describe('introspection', () => {
  const answered = async (body: string, status = 200): Promise<unknown> => {
    await using auth = await listening((_request, response) =>
      response.writeHead(status).end(body),
    );
    return await httpIntrospection({ ...auth, ...credentials })('x', 1_000).catch(
      () => 'no answer',
    );
  };

  it.each([
    ['{"active":true}', true],
    ['{"active":false}', false],
    ['{"active":"true"}', false],
    ['{"active":"false"}', false],
    ['{"active":1}', false],
    ['{"active":{}}', false],
    ['{"active":null}', false],
    ['{}', 'no answer'],
    ['[]', 'no answer'],
    ['null', 'no answer'],
    ['"active"', 'no answer'],
    ['', 'no answer'],
    [`{"active":true,"x":"${'x'.repeat(20_000)}"}`, 'no answer'],
  ])('%s means %s', async (body, meaning) => {
    expect(await answered(body)).toBe(meaning);
  });

  it.each([201, 204, 400, 401, 500, 503])('answered %i is no answer', async (status) => {
    expect(await answered('{"active":true}', status)).toBe('no answer');
  });
});
