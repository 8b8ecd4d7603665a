import { describe, expect, it } from 'vitest';
import { createWrongKeys } from '../../src/access/wrong-keys.ts';
import { HandClock } from './hand-clock.ts';

const setUp = () => {
  const clock = new HandClock();
  const slowed: string[] = [];
  const wrongKeys = createWrongKeys({ clock, onSlowed: (address) => void slowed.push(address) });
  const guess = (times: number, address = 'a') =>
    Array.from({ length: times }, () => wrongKeys.secondsToWait(address, undefined));
  return { clock, slowed, guess, ask: (owner: string, address = 'a') => wrongKeys.secondsToWait(address, owner) };
};

describe('wrong keys', () => {
  it('may be some, and then one every six seconds', () => {
    const { clock, guess, slowed } = setUp();
    expect(guess(22)).toEqual([...Array.from({ length: 20 }, () => 0), 6, 6]);
    clock.advance(5_000);
    expect(guess(1)).toEqual([1]);
    clock.advance(1_000);
    expect(guess(2)).toEqual([0, 6]);
    expect(slowed).toEqual(['a']);
  });

  it('slow down their address only', () => {
    const { guess } = setUp();
    guess(30);
    expect(guess(20, 'b')).toEqual(Array.from({ length: 20 }, () => 0));
  });

  it('do not keep those from working who share the address, and tell a guesser nothing', () => {
    const { clock, guess, ask } = setUp();
    expect(ask('at work')).toBe(0);
    guess(30);
    expect(ask('at work')).toBe(0);
    expect(ask('guessed')).toBe(6);
    clock.advance(6_000);
    expect(ask('guessed')).toBe(0);
    guess(30);
    expect(ask('guessed')).toBe(0);
  });

  it('are forgotten in the end', () => {
    const { clock, guess, slowed } = setUp();
    guess(30);
    clock.advance(120_000);
    expect(guess(20)).toEqual(Array.from({ length: 20 }, () => 0));
    expect(slowed).toEqual(['a', 'a']);
  });

  it('of very many addresses take no more memory', () => {
    const { guess } = setUp();
    guess(30, 'first');
    for (let address = 0; address < 10_000; address += 1) guess(1, String(address));
    expect(guess(1, 'first')).toEqual([0]);
  });
});
