/** SDK clients of a test system, whose requests are written down. */
import { createPortcullisClient, memoryStorage, type PortcullisClient } from '@portcullis/client';
import type { TestSystem } from '@portcullis/testbed';

/** As long as tokens are held, and asked for again. */
type Storage = ReturnType<typeof memoryStorage>;

export interface RecordedRequest {
  url: URL;
  at: number;
  authorization: string | null;
}

export interface RecordedClient {
  client: PortcullisClient;
  storage: Storage;
  requests: RecordedRequest[];
  signedOut: string[];
  /** How often it has refreshed. */
  refreshes(): number;
}

export function recordedClient(system: TestSystem, storage = memoryStorage()): RecordedClient {
  const requests: RecordedRequest[] = [];
  const signedOut: string[] = [];
  const recording: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const authorization = new Headers(init?.headers).get('authorization');
    requests.push({ url, at: performance.now(), authorization });
    return await fetch(input, init);
  };
  const client = createPortcullisClient({
    auth: system.auth.url,
    user: system.user.url,
    admin: system.admin.url,
    storage,
    fetch: recording,
  });
  client.session.onSignedOut((reason) => signedOut.push(reason));
  return {
    client,
    storage,
    requests,
    signedOut,
    refreshes: () => requests.filter(({ url }) => url.pathname === '/trpc/refresh').length,
  };
}

/** The storage of another device or tab that has the same tokens, and finds out by itself. */
export function copyOf(storage: Storage): Storage {
  const copy = memoryStorage();
  const held: unknown = storage.get();
  void copy.set(held as Parameters<Storage['set']>[0]);
  return copy;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function milliseconds(values: readonly number[]): string {
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(1)} ms (median; ${least.toFixed(1)} to ${greatest.toFixed(1)})`;
}
