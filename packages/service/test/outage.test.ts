/** What an operator reads: of an outage, and of what comes in a flood. */
import { errors } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoundedLines } from '../src/bounded-lines.ts';
import { createLogger } from '../src/logger.ts';
import { Outage } from '../src/outage.ts';
import { Outages } from '../src/outages.ts';

let lines: Record<string, unknown>[];

const logger = createLogger({
  service: 'test',
  level: 'info',
  destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
});

const texts = (): unknown[] => lines.map(({ msg }) => msg);

beforeEach(() => {
  lines = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const refused = (): Error => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

describe('an outage', () => {
  it('has a line at its start, every half minute, and at its end, with counts', () => {
    const outage = new Outage({ logger, part: 'redis', effect: 'mails deferred' });
    for (let second = 0; second < 45; second += 1) {
      outage.failed(refused());
      vi.advanceTimersByTime(1_000);
    }
    vi.advanceTimersByTime(20_000);
    expect(texts()).toEqual([
      'redis unavailable; mails deferred',
      'redis still unavailable',
      'redis has not failed for 10 s',
    ]);
    expect(lines[1]).toMatchObject({ part: 'redis', failures: 31, seconds: 30 });
    expect(lines[2]).toMatchObject({ part: 'redis', failures: 45 });
    expect(outage.isAway).toBe(false);
  });

  it('has a line for another reason, and not for each of many', () => {
    const outage = new Outage({ logger, part: 'nats', untilBack: true });
    outage.failed(new Error('no connection'));
    for (let n = 0; n < 20; n += 1) outage.failed(new Error('Authorization Violation'));
    for (let n = 0; n < 20; n += 1) outage.failed(new Error(`another one, ${n}`));
    expect(lines).toHaveLength(3);
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(3);
    outage.back();
    outage.back();
    expect(texts().slice(3)).toEqual(['nats available again']);
    expect(lines[3]).toMatchObject({ failures: 41, seconds: 60 });
  });
});

describe('the outages of a service', () => {
  it('names the part, once for all who meet it', () => {
    const { failed } = new Outages({ logger, needed: 'postgres' });
    failed(new Error('query failed', { cause: refused() }), 'publishing');
    failed(Object.assign(new Error('read only'), { code: '25006' }), 'publishing');
    failed(refused(), 'housekeeping');
    expect(texts()).toEqual(['postgres unavailable', 'postgres still unavailable']);
  });

  it('does not report JetStream as unavailable beside an unavailable NATS', () => {
    const outages = new Outages({ logger, needed: 'postgres' });
    outages.failed(new errors.TimeoutError(), 'publishing');
    const nats = outages.of('nats', { untilBack: true });
    nats.failed(new errors.ConnectionError('gone'));
    outages.failed(new errors.NoRespondersError('$JS.API'), 'making the streams');
    expect(lines.map(({ part }) => part)).toEqual(['jetstream', 'nats', 'nats']);
  });

  it('bounds what fails for another reason', () => {
    const { failed } = new Outages({ logger, needed: 'postgres' });
    for (let n = 0; n < 9; n += 1) failed(new TypeError('a defect'), 'housekeeping');
    expect(lines).toMatchObject([{ msg: 'failed', what: 'housekeeping', count: 1 }]);
    vi.advanceTimersByTime(10_000);
    expect(lines).toMatchObject([{ count: 1 }, { what: 'housekeeping', count: 8 }]);
  });
});

describe('bounded lines', () => {
  it('are one every ten seconds for each key, and count what they leave out', () => {
    const bounded = new BoundedLines(logger, 'malformed');
    for (let n = 0; n < 100; n += 1) bounded.note('push', { length: n });
    bounded.note('numbering', { length: 7 });
    vi.advanceTimersByTime(10_000);
    vi.advanceTimersByTime(10_000);
    bounded.note('push', { length: 1 });
    expect(lines).toMatchObject([
      { length: 0, count: 1 },
      { length: 7, count: 1 },
      { length: 99, count: 99 },
      { length: 1, count: 1 },
    ]);
  });
});
