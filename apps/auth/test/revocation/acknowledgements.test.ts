/** Who is woken by which news: a receipt looks again for its own events alone. */
import { newId } from '@portcullis/contracts';
import { describe, expect, it, vi } from 'vitest';
import { Acknowledgements } from '../../src/revocation/acknowledgements.ts';

const [one, other, third] = [newId('evt'), newId('evt'), newId('evt')];
const incarnation = newId('inc');

function opened(): Acknowledgements {
  const acknowledgements = new Acknowledgements(() => 0);
  for (const id of [one, other]) acknowledgements.open(id);
  return acknowledgements;
}

describe('a confirmation', () => {
  it('wakes who waits for its event, and no one else', () => {
    const acknowledgements = opened();
    const [first, second, both] = [vi.fn(), vi.fn(), vi.fn()];
    acknowledgements.subscribe([one], first);
    acknowledgements.subscribe([other], second);
    acknowledgements.subscribe([one, other], both);

    acknowledgements.record({ incarnation, applied: [one] }, 'user');

    expect([first, second, both].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 1]);
    expect(acknowledgements.has(one, incarnation, 'user')).toBe(true);
    expect(acknowledgements.has(other, incarnation, 'user')).toBe(false);
  });

  it('of an event that was never opened wakes no one, and is not kept', () => {
    const acknowledgements = opened();
    const wake = vi.fn();
    acknowledgements.subscribe([third], wake);
    acknowledgements.record({ incarnation, applied: [third] }, 'user');
    expect(wake).not.toHaveBeenCalled();
    expect(acknowledgements.has(third, incarnation, 'user')).toBe(false);
  });
});

describe('who waits', () => {
  it('is woken by what concerns all', () => {
    const acknowledgements = opened();
    const [first, second] = [vi.fn(), vi.fn()];
    acknowledgements.subscribe([one], first);
    acknowledgements.subscribe([other], second);
    acknowledgements.notifyAll();
    expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  it('is not called any more once it has stopped, also while it is being woken', () => {
    const acknowledgements = opened();
    const later = vi.fn();
    const stop = acknowledgements.subscribe([one, other], () => stop());
    const stopLater = acknowledgements.subscribe([one], later);
    acknowledgements.notify(one);
    stopLater();
    acknowledgements.notifyAll();
    expect(later).toHaveBeenCalledOnce();
  });
});
