/** Which passwords are refused: what an attacker would try first, and nothing else. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { collectingGarbage, freePort } from '@portcullis/testbed';
import { seededRandom } from '@portcullis/testkit';
import { describe, expect, it } from 'vitest';
import { rangeService } from '../../src/password/breached-passwords.ts';
import { guessesLog10 } from '../../src/password/guessability.ts';
import { createPasswordPolicy, problemWith } from '../../src/password/password-policy.ts';

const owner = { emailKey: 'reader@example.test', name: 'Ada Lovelace' };

describe('a password', () => {
  it.each([
    ['short', 'fourteen chars'],
    ['common', 'qwerty123456789'],
    ['common, in capitals', 'PASSWORDPASSWORD'],
    ['common and counted on', 'password12345678'],
    ['common with decoration', 'Password123456789!'],
    ['common in disguise', 'P@ssw0rdP@ssw0rd'],
    ['two common ones', 'monkeyfootball1'],
    ['digits in order', '123456789012345'],
    ['letters in order', 'abcdefghijklmnop'],
    ['keys in order', 'qwertyuiopasdfgh'],
    ['keys in order, backwards', 'poiuytrewqlkjhgfdsa'],
    ['keys in two rows', '1q2w3e4r5t6y7u8i'],
    ['repeated', 'ab1!'.repeat(16)],
    ['one character', 'x'.repeat(40)],
    ['nearly one character', 'aaaaaaaaaaaaaaab'],
    ['the name of the service', 'portcullis123456'],
    ['the address', 'something reader@example.test'],
    ['the part before the @', 'the READER of a thousand books'],
    ['the name', 'the name of ada lovelace is here'],
    ['too long', 'many unrelated words '.repeat(20)],
  ])('is refused: %s', async (_, password) => {
    expect(await problemWith(password, owner)).toMatch(/\w/);
  });

  it.each([
    'correct horse battery staple',
    'a lantern above the western gate',
    'kQ7vXz2mLp9wRt4s',
    'Königinstraße 7 🏰🏰 am Nachmittag',
    'пароль которого нет в списках',
    '雨の日に図書館で本を読むのが好きです',
    'all lower case no digit',
    '                 spaces count too',
    `${'q7'.repeat(60)}-one-ending`,
    'Zm9yIGEgbG9uZyB0aW1lIEkgd2VudCB0byBiZWQgZWFybHk='.repeat(5),
  ])('is taken: %j', async (password) => {
    expect(await problemWith(password, owner)).toBeNull();
  });

  it('of a password manager is always taken, whatever it makes', async () => {
    const random = seededRandom(20_261_122);
    for (let i = 0; i < 2_000; i += 1) {
      const password = Array.from({ length: 16 }, () =>
        String.fromCharCode(33 + Math.floor(random() * 94)),
      ).join('');
      expect(await problemWith(password, owner), password).toBeNull();
    }
  });

  it('is judged in bounded time, whatever it is', () => {
    const worst = ['a'.repeat(256), 'ab'.repeat(128), 'password'.repeat(32), '1q2w3e4r'.repeat(32)];
    const started = performance.now();
    for (let i = 0; i < 20; i += 1) for (const password of worst) guessesLog10(password);
    // Some 3 ms each on an idle core; this is a bound against a square or worse.
    expect((performance.now() - started) / 80).toBeLessThan(100);
  });
});

describe('a service that knows breached passwords', () => {
  const stolen = 'a phrase that was stolen elsewhere';
  const digest = createHash('sha1').update(stolen).digest('hex').toUpperCase();

  it('the breached-password service is asked for a prefix; an unavailable one is not waited for', async () => {
    const asked: (string | undefined)[] = [];
    let failing = false;
    const server = createServer((request, response) => {
      asked.push(request.url);
      if (failing) response.writeHead(503).end();
      else response.end(`${'0'.repeat(35)}:0\r\n${digest.slice(5)}:12\r\n`);
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const failures: unknown[] = [];
    const judge = createPasswordPolicy(
      rangeService(`http://127.0.0.1:${port}/range/`, (error) => failures.push(error)),
    );
    await expect(judge(stolen, owner)).rejects.toMatchObject({
      code: 'invalid_request',
      issues: [{ path: 'password' }],
    });
    await judge('a phrase that was never stolen', owner);
    expect(asked[0]).toBe(`/range/${digest.slice(0, 5)}`);
    failing = true;
    await judge(stolen, owner);
    await new Promise((resolve) => server.close(resolve));
    await judge(stolen, owner);
    expect(failures).toHaveLength(2);
  });

  it('is not waited for either when its answer has begun, and does not end', async () => {
    const server = createServer((_, response) => void response.write('0'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    const failures: unknown[] = [];
    const isBreached = rangeService(`http://127.0.0.1:${address.port}/`, (error) =>
      failures.push(error),
    );
    // Node 20 and 22 forget the signal of the request by it.
    expect(await collectingGarbage(async () => await isBreached(stolen))).toBeNull();
    expect(failures).toMatchObject([{ name: 'TimeoutError' }]);
    server.closeAllConnections();
    server.close();
  });
});
