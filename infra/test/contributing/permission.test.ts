/** The example of CONTRIBUTING.md, in a copy of this repository: a permission of one's own is one place. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type * as Testbed from '@portcullis/testbed';
import { createVerifier } from '@portcullis/verify';
import { httpGrants } from '@portcullis/verify/feeds/http';
import { createGuard } from '@portcullis/verify/guard';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyTo, buildServices, cleanCopy, exampleOf, filesOf } from './clean-copy.ts';

let copy: string;
let remove: () => void;

beforeAll(() => {
  ({ copy, remove } = cleanCopy());
});
afterAll(() => remove());

function config(): { status: number | null; output: string } {
  const main = `const { main } = await import('./infra/config.ts');
    process.exitCode = await main().catch((error) => {
      console.log(error.message, error.fix);
      return 1;
    });`;
  const words = ['--conditions=portcullis-source', '--import', 'tsx', '--input-type=module'];
  const { status, stdout } = spawnSync(process.execPath, [...words, '-e', main], {
    cwd: copy,
    encoding: 'utf8',
  });
  return { status, output: stdout };
}

test('a service of one’s own lets in by it over HTTP, after a change of one file', async () => {
  const example = exampleOf('A permission of your own');
  expect(filesOf(example)).toEqual(['portcullis.config.ts']);
  applyTo(copy, example);
  buildServices(copy);
  expect(config().output).toMatch(/number 1, 2 roles and 2 permissions/);
  const file = join(copy, 'portcullis.config.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    number: 1,
    permissions: ['orders:read', 'orders:refund'],
  });

  const testbed = join(copy, 'packages/testbed/src/index.ts');
  const { ensureMachineClient, startSystem }: typeof Testbed = await import(testbed);
  await using system = await startSystem({ auth: { PORTCULLIS_CONFIG_FILE: file } });
  const { auth, admin } = system;
  const secret = 'a secret that is long enough for a machine';
  const scope = 'revocations:read tokens:introspect';
  await ensureMachineClient(auth, { id: 'cli_orders', name: 'orders', scope, secret });
  await using verifier = await createVerifier<'orders:read' | 'orders:refund'>({
    issuer: auth.issuer,
    audience: 'urn:portcullis:user',
    service: 'orders',
    feed: ordersFeed(),
  });
  await verifier.ready(AbortSignal.timeout(20_000));
  const guard = createGuard(verifier, { require: { permission: 'orders:refund' } });
  const server = createServer((request, response) => {
    void guard.check(request).then(({ answer }) => {
      response.writeHead(answer?.status ?? 200, answer?.headers).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  try {
    const root = await tokenOf(system.administrator);
    const statuses = [];
    for (const role of ['manager', 'clerk']) {
      const account = { email: `${role}@example.test`, password: 'correct horse battery staple' };
      await call('POST', `${auth.url}/v1/register`, '', account);
      const { users } = await body(call('GET', `${admin.url}/v1/users?query=${role}`, root));
      await call('PUT', `${admin.url}/v1/users/${users[0].id}/roles`, root, { roles: [role] });
      statuses.push((await call('POST', url, await tokenOf(account))).status);
    }
    expect(statuses).toEqual([200, 403]);
  } finally {
    server.closeAllConnections();
    server.close();
  }

  function ordersFeed() {
    const grants = httpGrants({ authUrl: auth.url, clientId: 'cli_orders', clientSecret: secret });
    return {
      ...grants,
      open: async () => undefined,
      acknowledge: () => undefined,
      deregister: async () => undefined,
      close: async () => undefined,
    };
  }
  async function tokenOf(account: object): Promise<string> {
    return (await body(call('POST', `${auth.url}/v1/login`, '', account))).access_token;
  }
}, 180_000);

test('what is wrong with it is said at once, and no number is given twice', () => {
  const source = join(copy, 'portcullis.config.ts');
  const before = readFileSync(source, 'utf8');
  const changed = (pattern: RegExp, by: string) => {
    writeFileSync(source, before.replace(pattern, by));
    return config();
  };
  expect(config().status).toBe(0);
  const other = changed(/'orders:refund'/g, "'orders:return'");
  expect(other.status).toBe(1);
  expect(other.output).toContain('its number is 1: the last one was 1. number: 2 in');
  const wrong = changed(/\{ clerk: .*/, "{ clerk: ['orders:reed'], admin: [] },");
  expect(wrong.status).toBe(1);
  expect(wrong.output).toContain('roles.clerk[0]: is no permission that there is');
  expect(wrong.output).toContain('roles.admin: is a role of Portcullis, which is not redefined');
  expect(readFileSync(join(copy, 'portcullis.config.json'), 'utf8')).toContain('orders:refund');
});

async function call(method: string, url: string, token = '', sent?: object): Promise<Response> {
  return await fetch(url, {
    method,
    headers: {
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  });
}

const body = async (answer: Promise<Response>): Promise<any> => await (await answer).json();
