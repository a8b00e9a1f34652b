/** Renewals of cookies that are asked for while another is under way. */
import { expect, test } from 'vitest';
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
