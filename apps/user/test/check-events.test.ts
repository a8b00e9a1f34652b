import { Impaired, NotReady } from '@portcullis/service';
import { expect, it } from 'vitest';
import { checkEvents } from '../src/check-events.ts';

const problem = { stream: 'PORTCULLIS_ACCOUNTS', durable: 'user', reason: 'denied' };

it('is not ready while acknowledgements do not arrive, and impaired while nothing can be read', () => {
  expect(checkEvents([])).toBeUndefined();
  expect(checkEvents([{ ...problem, cannot: 'read' }])).toBeInstanceOf(Impaired);
  expect(() =>
    checkEvents([
      { ...problem, cannot: 'read' },
      { ...problem, cannot: 'acknowledge' },
    ]),
  ).toThrow(NotReady);
});
