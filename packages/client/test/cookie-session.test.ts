/** Renewals of cookies that are asked for while another is under way, and notes that cannot be kept. */
import { expect, test, vi } from 'vitest';
import { CookieSession } from '../src/cookie-session.ts';
import { sessionNotes } from '../src/session-notes.ts';

const TOKENS = { expires_in: 600, session_id: 'ses_1' };

test('cookies that are refused are renewed, although a renewal of older ones ends with them', async () => {
  const notes = sessionNotes('http://auth.example.test');
  let refreshes = 0;
  const refresh = async () => {
    refreshes += 1;
    return TOKENS;
  };
  const [tab, other] = [new CookieSession(notes, refresh), new CookieSession(notes, refresh)];
  const stamp = tab.begin(TOKENS, Date.now());
  let goOn = (): void => {};
  const opened = new Promise<void>((resolve) => (goOn = resolve));
  const busy = tab.inTurn(() => opened);
  const older = tab.renew(stamp);
  const refused = other.begin(TOKENS, Date.now());
  const newer = tab.renew(refused);
  goOn();
  await busy;
  expect(await older).toBe(refused);
  expect([stamp, refused]).not.toContain(await newer);
  expect(await newer).toBe(tab.stamp());
  expect(refreshes).toBe(1);
}, 10_000);

test('a login and a logout count where the storage of the origin is full', async () => {
  const kept = new Map<string, string>();
  let isFull = false;
  const localStorage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem(key: string, value: string) {
      if (isFull) throw new DOMException('it is full', 'QuotaExceededError');
      kept.set(key, value);
    },
    removeItem: (key: string) => kept.delete(key),
  };
  vi.stubGlobal('window', { localStorage });
  vi.stubGlobal('addEventListener', () => {});
  try {
    const session = new CookieSession(sessionNotes('http://auth.example.test'), async () => TOKENS);
    session.begin(TOKENS, Date.now());
    isFull = true;
    session.end('logged_out');
    expect(session.stamp()).toBeUndefined();
    expect(session.states.current.status).toBe('signed_out');
    const stamp = session.begin({ ...TOKENS, session_id: 'ses_2' }, Date.now());
    expect(await session.accessToken()).toBe(stamp);
    isFull = false;
    session.end('logged_out');
    expect([...kept.values()]).toEqual(['{"state":"out"}']);
    expect(session.stamp()).toBeUndefined();
  } finally {
    vi.unstubAllGlobals();
  }
});
