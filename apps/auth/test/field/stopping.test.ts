/** Fault V12 of docs/field-faults.md: what clients and balancers hear of a service that stops. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { appDatabase, createTestBed, startAuth, type TestBed } from '@portcullis/testbed';
import { afterAll, beforeAll, expect, it } from 'vitest';

let bed: TestBed<'auth'>;
beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
}, 120_000);
afterAll(async () => await bed.dispose());

type Auth = Awaited<ReturnType<typeof startAuth>>;

/** One HTTP request in two halves, on a connection of its own that the client would keep. */
class Login {
  readonly #socket: Socket;
  readonly #body: string;
  #text = '';
  readonly #closed: Promise<void>;

  constructor({ port, administrator }: Auth) {
    this.#body = JSON.stringify(administrator);
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    this.#closed = new Promise((resolve) => {
      this.#socket.on('close', () => resolve());
      this.#socket.on('error', (error) => (this.#text += `broken: ${error.message}`));
    });
  }

  sendHead(): void {
    const { length } = this.#body;
    this.#socket.write(
      'POST /v1/login HTTP/1.1\r\nHost: auth.test\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${length}\r\n\r\n`,
    );
  }

  sendBody(): void {
    this.#socket.write(this.#body);
  }

  /** The status line and what is said of the connection, once the server has closed it. */
  async answer(): Promise<string[]> {
    await Promise.race([this.#closed, sleep(8_000)]);
    this.#socket.destroy();
    const [status = ''] = this.#text.split('\r\n');
    return [status, /^connection: (.*)$/im.exec(this.#text)?.[1]?.trim() ?? 'nothing'];
  }
}

const LAST = ['HTTP/1.1 200 OK', 'close'];

it('V12: an answer that is sent after SIGTERM says that the connection is closed', async () => {
  const auth = await startAuth(bed);
  const logins = Array.from({ length: 5 }, () => new Login(auth));
  for (const login of logins) login.sendHead();
  await sleep(300);
  auth.kill('SIGTERM');
  await sleep(400);
  for (const login of logins) login.sendBody();
  const answers = await Promise.all(logins.map(async (login) => await login.answer()));
  expect(answers).toEqual(logins.map(() => LAST));
  expect(await auth.process.exited).toBe(0);
}, 60_000);

it('V12: balancers hear of it before connections are refused', async () => {
  const auth = await startAuth(bed, { PORTCULLIS_DRAIN_DELAY_MS: '1500' });
  auth.kill('SIGTERM');
  await sleep(300);
  const heard = await fetch(`${auth.url}/readyz`).then(
    async (response) => [response.status, await response.json()],
    () => 'refused',
  );
  expect(heard).toEqual([503, expect.objectContaining({ status: 'not_ready' })]);
  const login = new Login(auth);
  login.sendHead();
  login.sendBody();
  expect(await login.answer()).toEqual(LAST);
  expect(await auth.process.exited).toBe(0);
  await expect(fetch(`${auth.url}/readyz`)).rejects.toThrow();
}, 60_000);

it('V12: what waited in the backlog when SIGTERM came is served', async () => {
  const auth = await startAuth(bed);
  auth.process.pause();
  const logins = Array.from({ length: 6 }, () => new Login(auth));
  for (const login of logins) {
    login.sendHead();
    login.sendBody();
  }
  await sleep(200);
  auth.kill('SIGTERM');
  auth.process.resume();
  const answers = await Promise.all(logins.map(async (login) => await login.answer()));
  expect(answers).toEqual(logins.map(() => LAST));
  expect(await auth.process.exited).toBe(0);
}, 60_000);
