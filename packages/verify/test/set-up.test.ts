/** What a verifier says of its own set-up, and for how long. */
import { PermissionViolationError } from '@nats-io/transport-node';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { httpGrants } from '../src/feeds/http/index.ts';
import { createVerifier, type VerifierOptions, type VerifierProblem } from '../src/index.ts';
import { problemOfRequest } from '../src/feeds/nats/problem-of-request.ts';
import { issuerFromMetadata } from '../src/set-up/issuer-metadata.ts';
import { reasonOf } from '../src/wire/reason-of.ts';
import { SetUp } from '../src/set-up/set-up.ts';

const ISSUER = 'https://auth.example/tenant/';

let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await createTestIssuer();
});
afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
});

async function start(options: Partial<VerifierOptions>) {
  return await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
    onProblem: () => undefined,
    ...options,
  });
}

/** An issuer with these documents, by their paths; each is asked for once. */
function serving(documents: Record<string, string>) {
  const asked: string[] = [];
  return {
    asked,
    fetch: async (url: string) => {
      asked.push(url);
      const { pathname } = new URL(url);
      const document = documents[pathname];
      return new Response(document ?? 'none', { status: document === undefined ? 404 : 200 });
    },
  };
}

it('finds the name of an issuer with a path where RFC 8414 has it, in either document', async () => {
  const other = JSON.stringify({ issuer: 'https://auth.example/tenant' });
  const oauth = serving({ '/.well-known/oauth-authorization-server/tenant': other });
  expect(await issuerFromMetadata(ISSUER, oauth.fetch)).toBe('https://auth.example/tenant');
  const openid = serving({ '/.well-known/openid-configuration/tenant': other });
  expect(await issuerFromMetadata(ISSUER, openid.fetch)).toBe('https://auth.example/tenant');
});

it.each(['<!doctype html>', '[]', '{"issuer": 1}', '{"issuer": "a", "issuer": "b"}'])(
  'makes nothing of a page that is no metadata: %s',
  async (page) => {
    const { fetch } = serving({ '/.well-known/oauth-authorization-server/tenant': page });
    expect(await issuerFromMetadata(ISSUER, fetch)).toBeUndefined();
  },
);

it('asks again for what could not be had, and no more once there was an answer', async () => {
  let answers = false;
  const documents: Record<string, string> = {};
  const { asked, fetch } = serving(documents);
  const due: (() => void)[] = [];
  const told: VerifierProblem[] = [];
  const problem: VerifierProblem = { of: 'keys', reason: 'none' };
  let problems = [problem];
  const setUp = new SetUp({
    issuer: ISSUER,
    audience: 'here',
    clock: {
      after: (_milliseconds, callback) => {
        due.push(callback);
        return { cancel: () => undefined };
      },
    },
    fetch: async (url) => {
      if (!answers) throw new TypeError('fetch failed');
      return await fetch(url);
    },
    look: () => problems,
    tell: (one) => void told.push(one),
  });
  setUp.start();
  await setUp.compareIssuer();
  expect(asked).toEqual([]);
  answers = true;
  // As a proxy in front of an issuer that is away.
  await setUp.compareIssuer();
  expect(asked).toHaveLength(2);
  due.shift()?.();
  problems = [{ ...problem, reason: 'none; another way brings grants meanwhile' }];
  due.shift()?.();
  await setUp.compareIssuer();
  expect(told).toEqual([problem]);
  asked.length = 0;
  documents['/.well-known/oauth-authorization-server/tenant'] = JSON.stringify({ issuer: 'other' });
  problems = [];
  // The last look.
  due.shift()?.();
  expect(due).toEqual([]);
  await setUp.compareIssuer();
  expect(asked).toHaveLength(1);
  expect(told.map(({ of }) => of)).toEqual(['keys', 'issuer']);
  // The issuer is set right.
  documents['/.well-known/oauth-authorization-server/tenant'] = JSON.stringify({ issuer: ISSUER });
  expect(due).toHaveLength(1);
  due.shift()?.();
  await setUp.compareIssuer();
  expect(setUp.problems()).toEqual([]);
  due.shift()?.();
  await setUp.compareIssuer();
  expect(asked).toHaveLength(2);
  expect(due).toEqual([]);
});

it('says so when tokens are for others, until one is for it; what is forged says nothing', async () => {
  const problems: VerifierProblem[] = [];
  await using verifier = await start({ onProblem: (problem) => void problems.push(problem) });
  await verifier.ready();
  const other = await issuer.mint({ aud: ['elsewhere', 'beyond'] });
  const forged = `${other.slice(0, -8)}AAAAAAAA`;
  await expect(verifier.verify(forged)).rejects.toThrow();
  expect(verifier.problems()).toEqual([]);
  await expect(verifier.verify(other)).rejects.toThrow();
  await expect(verifier.verify(other)).rejects.toThrow();
  expect(problems.map(({ of }) => of)).toEqual(['audience']);
  expect(problems[0]?.reason).toMatch(/are for elsewhere, beyond, and this verifier expects urn:/);
  expect(verifier.problems()).toEqual(problems);
  await verifier.verify(await issuer.mint());
  expect(verifier.problems()).toEqual([]);
  await expect(verifier.verify(other)).rejects.toThrow();
  expect(verifier.problems()).toEqual([]);
});

it('is not ready without grants, by the name and with the cause of the signal', async () => {
  issuer.revocations.answers = false;
  await using verifier = await start({});
  const stop = new AbortController();
  const ready = verifier.ready(stop.signal);
  stop.abort();
  const error = await ready.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'AbortError', cause: stop.signal.reason });
  expect(String(error)).toContain('auth vouches for nothing');
  issuer.revocations.answers = true;
});

it('names every address that was tried', () => {
  const tried = new AggregateError([new Error('connect ::1'), new Error('connect 127.0.0.1')]);
  const failed = new TypeError('fetch failed', { cause: tried });
  expect(reasonOf(failed)).toBe('fetch failed (connect ::1; connect 127.0.0.1)');
});

/** An issuer whose metadata never comes, with the state of each question. */
function silentMetadata() {
  const signals: (AbortSignal | null | undefined)[] = [];
  const ask = async (url: string, init: RequestInit): Promise<Response> => {
    if (!url.includes('oauth-authorization-server')) return await fetch(url, init);
    signals.push(init.signal);
    return await new Promise<Response>((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  };
  return { signals, fetch: ask };
}

it('is ready by the time of the signal, where only the metadata of the issuer does not come', async () => {
  const { signals, fetch: ask } = silentMetadata();
  const verifier = await start({ fetch: ask });
  const stop = new AbortController();
  const began = performance.now();
  const ready = verifier.ready(stop.signal);
  stop.abort();
  await ready;
  expect(performance.now() - began).toBeLessThan(2_000);
  await verifier[Symbol.asyncDispose]();
  expect(signals.every((signal) => signal?.aborted)).toBe(true);
  await expect(verifier.ready()).rejects.toThrow('closed');
});

it('does not ask an issuer for its metadata over plain http', async () => {
  const { asked, fetch: ask } = serving({});
  await expect(issuerFromMetadata('http://auth.example', ask)).rejects.toThrow('https');
  expect(asked).toEqual([]);
});

it('repeats no query of the address of the keys, which may hold a secret', async () => {
  await using verifier = await start({
    jwksUrl: 'http://127.0.0.1:9/keys?code=secret',
    fetch: async () => {
      throw new TypeError('fetch failed');
    },
  });
  const keys = verifier.problems().filter(({ of }) => of === 'keys');
  expect(keys[0]?.reason).toMatch(
    /^there is no key from http:\/\/127\.0\.0\.1:9\/keys: fetch failed/,
  );
});

it('outlives a listener whose promise is rejected', async () => {
  const warned = new Promise<string>((resolve) => {
    process.once('warning', ({ message }) => resolve(message));
  });
  // Types take it where nothing is to be returned.
  const onProblem: () => unknown = async () => {
    throw new Error('the pager is away');
  };
  await using verifier = await start({ audience: 'another', onProblem });
  await verifier.ready();
  await expect(verifier.verify(await issuer.mint())).rejects.toThrow();
  expect(await warned).toContain('the pager is away');
});

it('asks nothing more once its feed could not be opened', async () => {
  let asked = 0;
  const feed = issuer.revocations.feed();
  const made = start({
    feed: {
      ...feed,
      request: feed.request.bind(feed),
      acknowledge: () => undefined,
      deregister: async () => undefined,
      close: async () => undefined,
      open: async () => {
        throw new Error('no such bus');
      },
    },
    fetch: async () => {
      asked += 1;
      throw new TypeError('fetch failed');
    },
  });
  await expect(made).rejects.toThrow('no such bus');
  const before = asked;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(asked).toBe(before);
});

it('says nothing of what failed by HTTP long ago', async () => {
  const source = httpGrants({
    authUrl: 'http://127.0.0.1:9',
    clientId: 'orders',
    clientSecret: 'x',
    fetch: async () => {
      throw new TypeError('fetch failed');
    },
  });
  await expect(source.snapshot?.(100)).rejects.toThrow();
  expect(source.problems?.()).toHaveLength(1);
  const later = performance.now() + 61_000;
  const now = vi.spyOn(performance, 'now').mockReturnValue(later);
  try {
    expect(source.problems?.()).toEqual([]);
  } finally {
    now.mockRestore();
  }
});

it('says once why auth could not be asked about tokens', async () => {
  const problems: VerifierProblem[] = [];
  issuer.revocations.answers = false;
  await using verifier = await start({
    onProblem: (problem) => void problems.push(problem),
    whenStale: {
      policy: 'introspect',
      introspect: async () => {
        throw new Error('answered 401: check clientSecret');
      },
    },
  });
  const token = await issuer.mint();
  for (let at = 0; at < 3; at += 1) {
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'verifier_stale' });
  }
  issuer.revocations.answers = true;
  const reason = 'auth could not be asked about a token: answered 401: check clientSecret';
  expect(problems).toEqual([{ of: 'introspection', reason }]);
});

it('names a denied inbox without its random part, so that the problem is reported once', () => {
  const texts = ['KXQ3', 'P81Z'].map((drawn) => {
    const subject = `_INBOX.portcullis.orders.${drawn}.*`;
    return problemOfRequest(new PermissionViolationError('', 'subscription', subject), 'any');
  });
  expect(texts[0]).toContain('below _INBOX.portcullis.orders:');
  expect(texts[1]).toBe(texts[0]);
});
