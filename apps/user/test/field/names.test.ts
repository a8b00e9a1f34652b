/** Fault L8 of docs/field-faults.md: a name that cannot be seen, or that moves the text around it. */
import { newId } from '@portcullis/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSurroundings, registered, startUserService } from '../user-service.ts';

let around: Awaited<ReturnType<typeof createSurroundings>>;
let url: string;
beforeAll(async () => {
  around = await createSurroundings();
  const service = await startUserService(around.config);
  around.bed.use(service);
  url = service.url;
  await around.makeStream();
});
afterAll(() => around.bed.dispose());

it('L8: a profile takes no name that cannot be seen, and keeps the one that it has', async () => {
  const id = newId('usr');
  // A name from before the rule stays.
  await around.publish(registered(id, { name: 'Ada\u200b' }));
  const authorization = `Bearer ${await around.issuer.mint({ sub: id })}`;
  const me = async (method: string, body?: unknown) => {
    const response = await fetch(`${url}/v1/me`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: any = await response.json();
    return { status: response.status, answer };
  };
  await expect.poll(async () => (await me('GET')).status).toBe(200);
  const taken: string[] = [];
  for (const name of ['\u200b', 'a\u0007b\nc\u202e', 'a\u202eb', '\u3164', '\u2800', 'a\u0085b']) {
    if ((await me('PATCH', { name })).status !== 400) taken.push(JSON.stringify(name));
  }
  expect(taken).toEqual([]);
  expect((await me('GET')).answer.name).toBe('Ada\u200b');
  expect((await me('PATCH', { name: 'علی\u200cرضا' })).status).toBe(200);
});
