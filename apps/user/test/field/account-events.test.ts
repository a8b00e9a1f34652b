/** Faults from the field: what the user service learns of account events, and in which order. */
import { newId, type AccountEvent, type UserId } from '@portcullis/contracts';
import { namesIn } from '@portcullis/events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSurroundings, deleted, registered, startUserService } from '../user-service.ts';

let around: Awaited<ReturnType<typeof createSurroundings>>;
let service: Awaited<ReturnType<typeof startUserService>>;

beforeAll(async () => {
  around = await createSurroundings();
  await around.makeStream();
  service = around.bed.use(await startUserService(around.config));
});
afterAll(() => around.bed.dispose());

/** What the catalogue has besides the envelope, for one account. */
function eventOf(type: string, id: UserId): AccountEvent {
  const envelope = { ...deleted(id), type };
  const details: Record<string, object> = {
    registered: { email: 'first@example.test', name: 'Ada' },
    'email-changed': { email: 'second@example.test' },
    'profile-changed': { name: 'Grace' },
    'roles-changed': { roles: ['support'] },
  };
  return { ...envelope, ...details[type] } as unknown as AccountEvent;
}

async function me(token: string): Promise<{ status: number; email?: string; name?: string }> {
  const answer = await fetch(`${service.url}/v1/me`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const body = (await answer.json()) as object;
  return { ...body, status: answer.status };
}

/** The types of what `me.events` says. */
async function listen(token: string): Promise<{ types: string[]; close: () => void }> {
  const closing = new AbortController();
  const answer = await fetch(`${service.url}/trpc/me.events`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    signal: closing.signal,
  });
  const types: string[] = [];
  const read = async () => {
    let text = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const found = [...text.matchAll(/^data: \{.*"type":"([a-z-]+)"/gm)].map(([, type]) => type!);
      types.splice(0, types.length, ...found);
    }
  };
  void read().catch(() => undefined);
  await expect.poll(() => types).toEqual(['ready']);
  return { types, close: () => closing.abort() };
}

it('V8: each account event of the catalogue reaches the profile and the live stream', async () => {
  const id = newId('usr');
  const token = await around.issuer.mint({ sub: id });
  const { types, close } = await listen(token);
  const names = namesIn('accounts');
  for (const name of names) await around.publish(eventOf(name, id));
  await expect.poll(() => types.toSorted()).toEqual(['ready', ...names].toSorted());
  await expect.poll(async () => (await me(token)).status).toBe(404); // `deleted` was among them
  close();
});

it('V8: a changed address is the address of the profile within moments', async () => {
  const id = newId('usr');
  const token = await around.issuer.mint({ sub: id });
  await around.publish(registered(id, { email: 'old@example.test' }));
  await expect.poll(async () => (await me(token)).email).toBe('old@example.test');
  await around.publish({
    ...eventOf('email-changed', id),
    email: 'new@example.test',
  } as AccountEvent);
  await expect.poll(async () => (await me(token)).email).toBe('new@example.test');
});
