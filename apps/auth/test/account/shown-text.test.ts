/** Names are taken in every script, with the unseen characters that belong to it and no others. */
import { shownText } from '@portcullis/contracts';
import { audienceName, shownName } from '@portcullis/contracts/schemas';
import { expect, it } from 'vitest';

it.each([
  "D'Arcy-Ö. 3rd",
  'علی\u200cرضا',
  'ශ්\u200dරී',
  'क्\u200dष',
  'נועה',
  '田中\u3000太郎',
  'Ada 👩🏽\u200d🚒',
  '❤\ufe0f\u200d🔥',
  '1\ufe0f\u20e3',
  'Nguye\u0302\u0303n',
])('the name %j is taken as it is', (name) => {
  expect(shownName.parse(name)).toBe(name);
});

it.each([
  '\u200b',
  'a\u200db',
  'Иван\u200c',
  '\u200cعلی',
  '👩\u200d',
  'a\ufe0f',
  'a\u061cb',
  'a\u{e0041}',
  'a\ufffe',
  '\ud800',
  'a\u0000b',
  'a\u001b[31m',
  '\u115f\u1160',
  '\u0301',
  ' \u3000 ',
])('the name %j is refused', (name) => {
  expect(shownName.safeParse(name).success).toBe(false);
});

it('an audience holds nothing unseen either', () => {
  expect(audienceName.parse('urn:acme:orders')).toBe('urn:acme:orders');
  expect(audienceName.safeParse('urn:acme:orders\u200b').success).toBe(false);
});

it('what a client sends along is shown without what cannot be seen', () => {
  expect(shownText('Mozilla/5.0 (X11; Linux x86_64)')).toBe('Mozilla/5.0 (X11; Linux x86_64)');
  expect(shownText('a\u009b31m\u202eb\u200b')).toBe('a\ufffd31m\ufffdb\ufffd');
});
