/** What a refusal calls the request that it is the answer to. */
import { describe, expect, it } from 'vitest';
import { answerOf, Refusal, requestIdOf, type RequestLike } from '../../src/guard/index.ts';

const sent = (value: string): RequestLike => ({ headers: { 'x-request-id': value } });
const platform = new Request('http://a.example', {
  headers: { 'x-request-id': 'from-a-proxy' },
});
const OWN = /^req_[\w-]{16}$/;

describe('the id of a request', () => {
  it.each<[string, string, RequestLike, unknown]>([
    ['what the app gives', 'given-1', { ...sent('from-a-proxy'), id: 'req-1' }, 'given-1'],
    ['what a framework calls it', 'req-1', { ...sent('from-a-proxy'), id: 'req-1' }, undefined],
    ['what its caller calls it', 'from-a-proxy', sent('from-a-proxy'), undefined],
    ['of the platform too', 'from-a-proxy', platform, undefined],
    ['and no number', 'from-a-proxy', { ...sent('from-a-proxy'), id: 7 }, 7],
    [
      'and nothing that is unfit for a header',
      'from-a-proxy',
      sent('from-a-proxy'),
      'a\r\nset-cookie: b',
    ],
  ])('is %s', (_, id, request, given) => {
    expect(requestIdOf(request, given)).toBe(id);
  });

  it.each(['', 'short', 'x'.repeat(65), 'with blanks in it', '"quoted-id"', 'a,b,c,d,e'])(
    'is a new one where the caller calls it %j',
    (value) => expect(requestIdOf(sent(value))).toMatch(OWN),
  );

  it('is a new one where two are sent, which Node joins', () => {
    const rawHeaders = ['X-Request-Id', 'first-of-two', 'x-request-id', 'second-of-two'];
    const headers = { 'x-request-id': 'first-of-two, second-of-two' };
    expect(requestIdOf({ headers, rawHeaders })).toMatch(OWN);
  });

  it('is the same however often it is asked for, of whichever form of the request', () => {
    const raw = { rawHeaders: ['Host', 'a.example'], headers: {} };
    const first = requestIdOf(raw);
    expect(first).toMatch(OWN);
    expect(requestIdOf({ headers: {}, raw })).toBe(first);
    expect(answerOf(new Refusal('invalid_token'), raw).body.request_id).toBe(first);
    expect(requestIdOf({ headers: {} })).not.toBe(first);
  });

  it.each(['a\r\nset-cookie: b', 'x'.repeat(129)])('is a new one where it is %j', (requestId) => {
    const { headers, body } = answerOf(
      new Refusal('invalid_token'),
      { headers: {} },
      { requestId },
    );
    expect(body.request_id).toMatch(OWN);
    expect(headers).toMatchObject({ 'x-request-id': body.request_id });
  });

  it('is none where the caller of the guard says so', () => {
    const { headers, body } = answerOf(new Refusal('invalid_token'), sent('from-a-proxy'), {
      requestId: '',
    });
    expect(headers).not.toHaveProperty('x-request-id');
    expect(body.request_id).toBe('');
  });
});
