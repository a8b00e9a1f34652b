/** What a stream says is read as WHATWG HTML section 9.2 has it, in whatever pieces it comes, and is bounded. */
import { describe, expect, test } from 'vitest';
import { readEvents, type ServerEvent } from '../src/sse.ts';

const MAX_EVENT = 1_000_000;
const { signal: never } = new AbortController();

function streamOf(pieces: Iterable<string | Uint8Array>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const all = pieces[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = all.next();
      if (done === true) controller.close();
      else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value);
    },
  });
}

async function eventsOf(...pieces: (string | Uint8Array)[]): Promise<ServerEvent[]> {
  const heard: ServerEvent[] = [];
  for await (const event of readEvents(streamOf(pieces), 'before', never)) heard.push(event);
  return heard;
}

const message = (data: string, lastEventId = 'before'): ServerEvent => ({
  type: 'message',
  data,
  lastEventId,
});

test.each<[string, string, ServerEvent[]]>([
  ['a message', 'data: a\n\n', [message('a')]],
  ['without a space', 'data:a\n\n', [message('a')]],
  ['one space is no part of it', 'data:  a\n\n', [message(' a')]],
  ['several lines', 'data: a\ndata: b\n\n', [message('a\nb')]],
  ['a type', 'event: connected\ndata: {}\n\n', [{ ...message('{}'), type: 'connected' }]],
  ['an empty type', 'event:\ndata: a\n\n', [message('a')]],
  ['an id, which stays', 'id: 7\ndata: a\n\ndata: b\n\n', [message('a', '7'), message('b', '7')]],
  [
    'an id that is taken back',
    'id: 7\ndata: a\n\nid:\ndata: b\n\n',
    [message('a', '7'), message('b', '')],
  ],
  ['an id without data, which the parser forgets', 'id: 7\n\ndata: a\n\n', [message('a')]],
  ['an id with a NUL, which is none', 'id: 7\0\ndata: a\n\n', [message('a')]],
  ['a comment', ': hello\n\ndata: a\n\n', [message('a')]],
  ['a field that is unknown', 'color: red\nretry: soon\ndata: a\n\n', [message('a')]],
  ['a field in capitals, which is another', 'DATA: a\n\n', []],
  ['a field without a colon', 'data\n\n', [message('')]],
  ['nothing to dispatch', 'event: x\n\n', []],
  ['carriage returns', 'data: a\rdata: b\r\rdata: c\r\r', [message('a\nb')]],
  ['a mark of its encoding', '\uFEFFdata: a\n\n', [message('a')]],
  ['an event that the end cut off', 'data: a\n\ndata: b\n', [message('a')]],
])('%s', async (_, text, expected) => {
  // The last of carriage returns may be half of a line end: it is waited for.
  expect(await eventsOf(text)).toEqual(expected);
  const bytes = new TextEncoder().encode(text);
  expect(await eventsOf(...Array.from(bytes, (byte) => new Uint8Array([byte])))).toEqual(expected);
});

test('a character may come in pieces', async () => {
  const bytes = new TextEncoder().encode('data: grüß\r\n\r\n');
  expect(await eventsOf(bytes.subarray(0, 9), bytes.subarray(9))).toEqual([message('grüß')]);
});

describe('an event without end is not waited for', () => {
  function* endless(first: string, piece: string): Generator<string> {
    yield first;
    // Far more than an event may be, whatever is counted of it.
    for (let sent = 0; sent < 20 * MAX_EVENT; sent += piece.length) yield piece;
    throw new Error('read beyond the bound');
  }

  test.each([
    ['in one line', 'data: ', 'x'.repeat(10_000)],
    ['in many lines', '', `data: ${'x'.repeat(1_000)}\n`],
    ['in a comment', ': ', 'x'.repeat(10_000)],
    ['in an id', 'id: ', 'x'.repeat(10_000)],
    ['in empty lines of data', '', 'data:\n'.repeat(10_000)],
  ])('%s', async (_, first, piece) => {
    const heard: ServerEvent[] = [];
    const reading = (async () => {
      const pieces = endless(`data: a\n\n${first}`, piece);
      for await (const event of readEvents(streamOf(pieces), '', never)) heard.push(event);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'protocol' });
    expect(heard).toEqual([message('a', '')]);
  });

  test('and one below the bound is', async () => {
    const data = 'x'.repeat(MAX_EVENT - 100);
    expect(await eventsOf(`data: ${data}`, '\n\n')).toEqual([message(data)]);
  });
});
