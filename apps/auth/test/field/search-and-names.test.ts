/** Faults L4, L7 and L8 of docs/field-faults.md: how people are searched, and what a name may hold. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PASSWORD, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
}, 120_000);

afterAll(async () => await system.bed.dispose());

const someAddress = () => `${randomBytes(8).toString('hex')}@example.test`;

async function called(name: string): Promise<string> {
  const email = someAddress();
  const { status, body } = await auth.register(email, PASSWORD, name);
  expect([status, body.issues]).toEqual([201, undefined]);
  return await system.idOf(email);
}

async function found(query: string): Promise<string[]> {
  const { status, body } = await auth.query('accounts.list', { query, limit: 100 });
  expect([status, body.code]).toEqual([200, undefined]);
  return body.users.map(({ id }: { id: string }) => id);
}

it('L4: people are found by a name in any case and normal form, in every script', async () => {
  const names = {
    Иван: ['иван', 'ИВАН', 'ва'],
    Ökan: ['ökan', 'ÖKAN', 'o\u0308KAN'],
    'Zo\u00eb': ['zoë', 'ZOË', 'Zoe\u0308'],
    'Jose\u0301': ['Jos\u00e9', 'JOSÉ', 'jose\u0301'],
    Weiß: ['WEISS', 'weiß'],
    ΟΔΥΣΣΕΥΣ: ['οδυσσευς', 'Οδυσσευσ'],
    ﾀﾅｶ: ['タナカ'],
    '100 % _wild\\': ['100 %', '_WILD\\', '％'],
    Anna: ['anna', 'ANNA'],
  };
  const missed: string[] = [];
  for (const [name, queries] of Object.entries(names)) {
    const id = await called(name);
    for (const query of queries) {
      if (!(await found(query)).includes(id)) missed.push(`${name} by ${query}`);
    }
  }
  expect(missed).toEqual([]);
  // Still a text and no pattern.
  expect(await found('i%n')).toEqual([]);
  expect(await found('10_ %')).toEqual([]);
});

it('L7: a filter that is sent empty filters nothing', async () => {
  await called('Someone');
  const all = await auth.query('accounts.list', { limit: 100 });
  for (const input of [
    { query: '' },
    { query: '  ' },
    { status: '' },
    { role: '' },
    { cursor: '' },
    { query: '', status: '', role: '', cursor: '' },
  ]) {
    const { status, body } = await auth.query('accounts.list', { ...input, limit: 100 });
    expect([status, body.users?.length], JSON.stringify(input)).toEqual([
      200,
      all.body.users.length,
    ]);
  }
  const trail = await auth.query('audit.list', { actor: '', target: '', action: '', limit: 2 });
  expect([trail.status, trail.body.entries?.length]).toEqual([200, 2]);
  expect((await auth.query('clients.list', { cursor: '' })).status).toBe(200);
});

it('L8: a name that cannot be seen, or that moves text, is refused in words', async () => {
  const taken: string[] = [];
  for (const name of [
    '\u200b',
    'a\u0007b\nc\u202e',
    'a\u202eb',
    'Ada\u2066',
    'a\tb',
    'a\u0085b',
    '\u3164',
    '\u2800',
    'a\u2028b',
    'a\ufeffb',
    'a\u200db',
    'a\ue000',
    '\u0301',
  ]) {
    const { status, body } = await auth.register(someAddress(), PASSWORD, name);
    if (status !== 400) taken.push(JSON.stringify(name));
    else expect(body.issues).toEqual([{ path: 'name', message: expect.stringMatching(/seen/) }]);
    const created = await auth.machine('clients.create', {
      id: `cli_${randomBytes(4).toString('hex')}`,
      name,
      scopes: [],
      audiences: ['urn:portcullis:auth'],
      actor: await system.idOf('admin@example.test'),
    });
    if (created.status !== 400) taken.push(`client ${JSON.stringify(name)}`);
  }
  expect(taken).toEqual([]);
});

it('L8: what a client calls itself is kept without its control characters', async () => {
  const email = someAddress();
  await auth.register(email);
  const { port, hostname } = new URL(auth.url);
  const body = JSON.stringify({ email, password: PASSWORD });
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString())).on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(
      Buffer.from(
        `POST /v1/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: a\x9b31mb\xad\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        'latin1',
      ),
    );
  });
  expect(answer).toMatch(/^HTTP\/1\.1 200/);
  const { access_token } = await auth.logIn(email);
  const { body: list } = await auth.call('GET', '/v1/sessions', { token: access_token });
  const agents = list.sessions.map(({ user_agent }: { user_agent: string }) => user_agent);
  expect(agents).toContain('a\ufffd31mb\ufffd');
});
