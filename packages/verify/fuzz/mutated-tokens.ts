/**
 * Tokens that were in order, changed in one to three places: some after they were signed, so that only
 * a reader who is lax about spelling could take them; some before, so that everything but the
 * signature must be looked at.
 */
import type { KeyId } from '@portcullis/contracts';
import { nextCharacter } from './grammar-tokens.ts';
import type { Random } from './random.ts';
import type { Signer } from './signer.ts';

const CHARACTERS = Array.from(
  'ABab01-_.=+/~,; \t\n\r"\\{}[]:\0\u007F\u0085\u00A0\u0141\u200B\u2028\uFEFF\uFF0E🌍',
);

/** Pieces of JSON to put somewhere. */
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\\u0073',
  'null',
  'true',
  '1e999',
  '"__proto__":{},',
  '"sub":"x",',
  '"a":1,"a":2,',
  '"crit":["x"],',
  '"alg":"none",',
  '-',
  '.5',
  '"x":[[[[[[[[]]]]]]]],',
  '"x":"",',
  ' ',
  '\n',
  '	',
  '\xA0',
  '﻿',
  '/**/',
  "'",
  '1',
  '0',
  'E9',
  '+',
];

/** A token that is in order. */
export interface Good {
  token: string;
  /** The key that signed it. */
  kid: KeyId;
}

export function mutatedToken(random: Random, signer: Signer, good: Good): string {
  return random.chance(0.5)
    ? several(random, good.token, changedText)
    : signedAgain(random, signer, good);
}

function several<T>(random: Random, value: T, change: (random: Random, value: T) => T): T {
  let changed = value;
  for (let left = 1 + random.below(3); left > 0; left -= 1) changed = change(random, changed);
  return changed;
}

function changedText(random: Random, token: string): string {
  const at = random.below(token.length + 1);
  const to = Math.min(token.length, at + 1 + random.below(8));
  const segments = token.split('.');
  const one = random.below(segments.length);
  const changes: (() => string)[] = [
    () => token.slice(0, at) + random.pick(CHARACTERS) + token.slice(at),
    () => token.slice(0, at) + random.pick(CHARACTERS) + token.slice(at + 1),
    () => token.slice(0, at) + nextCharacter(token.charAt(at)) + token.slice(at + 1),
    () => token.slice(0, at) + token.slice(to),
    () => token.slice(0, to) + token.slice(at),
    () => token.slice(0, at),
    () => token + random.pick(CHARACTERS),
    () => random.pick(CHARACTERS) + token,
    () => segments.map((part, i) => (i === one ? part + random.pick(CHARACTERS) : part)).join('.'),
    () =>
      segments
        .map((part, i) => (i === one ? part.slice(0, -1) + nextCharacter(part.slice(-1)) : part))
        .join('.'),
    () => segments.filter((_part, i) => i !== one).join('.'),
    () => segments.toSpliced(one, 0, segments[one] ?? '').join('.'),
    () => segments.toReversed().join('.'),
    () => token.toLowerCase(),
  ];
  return random.pick(changes)();
}

function signedAgain(random: Random, signer: Signer, { token, kid }: Good): string {
  const [header = '', payload = ''] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url'));
  if (random.chance(0.3)) return signer.sign(changedBytes(random, header), payload, kid);
  if (random.chance(0.9)) return signer.sign(header, changedBytes(random, payload), kid);
  return signer.sign(changedBytes(random, header), changedBytes(random, payload), kid);
}

function changedBytes(random: Random, bytes: string | Buffer): Buffer {
  return several(random, Buffer.from(bytes), changedOnce);
}

function changedOnce(random: Random, bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  const at = random.below(text.length + 1);
  const to = Math.min(text.length, at + 1 + random.below(12));
  const members = text.slice(1, -1).split(',');
  const one = random.below(members.length);
  const object = (changed: readonly string[]) => `{${changed.join(',')}}`;
  const changes: (() => string)[] = [
    () => text.slice(0, at) + random.pick(PIECES) + text.slice(at),
    () => text.replace('{', `{${random.pick(PIECES)}`),
    () => text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1),
    () => text.slice(0, at) + text.slice(to),
    () => text.slice(0, to) + text.slice(at),
    () => object(members.toSpliced(one, 1)),
    () => object(members.toSpliced(one, 0, members[one] ?? '')),
    () => object(members.toSorted(() => (random.chance(0.5) ? 1 : -1))),
    () =>
      text.replace(/\d+/g, (digits) =>
        random.chance(0.1) ? `${digits}${random.pick(['0', '.0', '.5', 'e0', 'e9'])}` : digits,
      ),
    () => text.replace(/[a-z]/g, (letter) => (random.chance(0.02) ? letter.toUpperCase() : letter)),
    () =>
      text.replace(/[a-z]/g, (letter) =>
        random.chance(0.01) ? `\\u00${letter.charCodeAt(0).toString(16)}` : letter,
      ),
    () => text.replace(/[,:]/g, (mark) => (random.chance(0.1) ? `${mark} ` : mark)),
  ];
  return Buffer.from(random.pick(changes)(), 'latin1');
}
