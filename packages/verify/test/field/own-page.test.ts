/** Which page is the own one: faults from the field. */
import { expect, it } from 'vitest';
import { provenanceOf } from '../../src/cookie/index.ts';

it.each([
  ['https://app.example.com', 'app.example.com:443', 'same-origin'],
  ['https://app.example.com', 'app.example.com:443', undefined],
  ['http://localhost', 'localhost:80', undefined],
])('H4: the page %s is the own one of %s (%s)', (origin, host, secFetchSite) => {
  expect(provenanceOf({ origin, host, secFetchSite }, {})).toBe('own');
});
