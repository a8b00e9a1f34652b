/** What a page may know of a session whose tokens it cannot read, shared by the tabs of its origin. */
import { isRecord } from './answer-shape.ts';

export type SessionNote =
  | {
      state: 'in';
      sessionId: string;
      /** Changes with every renewal of the cookies. */
      stamp: string;
      /** When the access token expires, in milliseconds since the epoch. */
      expiresAt: number;
      /** How long before that it is renewed. */
      marginMs: number;
    }
  /** Logged out here, whether or not the service could be reached. */
  | { state: 'out' };

export interface SessionNotes {
  /** Undefined where nothing is known. */
  get(): SessionNote | undefined;
  /** Never throws: where it cannot be shared, this tab has it. */
  set(note: SessionNote): void;
  /** Calls back when another tab has noted something else. */
  onChangeElsewhere(listener: (now: SessionNote | undefined) => void): void;
  /** The name of the Web Lock for changes of the cookies. */
  readonly lockName: string;
}

/** @param authUrl names the cookies: there is one pair for each auth service */
export function sessionNotes(authUrl: string): SessionNotes {
  const name = `portcullis ${authUrl}`;
  const storage = localStorageOrNone();
  let held: SessionNote | undefined;
  if (storage === undefined) {
    return {
      lockName: name,
      get: () => held,
      set: (note) => {
        held = note;
      },
      onChangeElsewhere: () => {},
    };
  }
  return {
    lockName: name,
    get: () => noteIn(storage.getItem(name)) ?? held,
    set(note) {
      held = undefined;
      try {
        storage.setItem(name, JSON.stringify(note));
      } catch {
        // It is full. The cookies have changed all the same: the note of before goes, and this tab alone knows the new one.
        storage.removeItem(name);
        held = note;
      }
    },
    onChangeElsewhere(listener) {
      // Not called in the tab that writes. All of the storage cleared: there is no key.
      globalThis.addEventListener('storage', (event) => {
        if (event.key === name || event.key === null) listener(noteIn(storage.getItem(name)));
      });
    },
  };
}

/** A page may be denied it, by which even looking throws; Node has none. */
function localStorageOrNone(): Storage | undefined {
  try {
    return typeof window === 'undefined' ? undefined : window.localStorage;
  } catch {
    return undefined;
  }
}

function noteIn(text: string | null): SessionNote | undefined {
  if (text === null) return undefined;
  let note: unknown;
  try {
    note = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(note)) return undefined;
  const { state, sessionId, stamp, expiresAt, marginMs } = note;
  if (state === 'out') return { state };
  const isWhole =
    state === 'in' &&
    typeof sessionId === 'string' &&
    typeof stamp === 'string' &&
    typeof expiresAt === 'number' &&
    typeof marginMs === 'number';
  return isWhole ? { state, sessionId, stamp, expiresAt, marginMs } : undefined;
}
