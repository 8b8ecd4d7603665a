import { expect, it } from 'vitest';
import { watchdog } from '../../src/util/watchdog.ts';
import { HandClock } from '../access/hand-clock.ts';

const setUp = (thenAlive = false) => {
  const clock = new HandClock();
  let barked = 0;
  const dog = watchdog(clock, 100, () => {
    barked += 1;
    if (thenAlive) dog.alive();
  });
  return { clock, dog, barks: () => barked };
};

it('barks once for each silence', () => {
  const { clock, dog, barks } = setUp();
  clock.advance(99);
  expect(barks()).toBe(0);
  clock.advance(1_000);
  expect(barks()).toBe(1);
  dog.alive();
  clock.advance(99);
  expect(barks()).toBe(1);
  clock.advance(1);
  expect(barks()).toBe(2);
});

it('counts from the last sign of life, with one timer', () => {
  const { clock, dog, barks } = setUp();
  for (let time = 0; time < 50; time += 1) {
    clock.advance(30);
    dog.alive();
    expect(clock.pending).toBe(1);
  }
  clock.advance(99);
  expect(barks()).toBe(0);
  clock.advance(1);
  expect(barks()).toBe(1);
});

it('barks on where each bark is a sign of life', () => {
  const { clock, barks } = setUp(true);
  clock.advance(550);
  expect(barks()).toBe(5);
});

it('is silent once it is disposed of, whoever still calls', () => {
  const { clock, dog, barks } = setUp();
  dog[Symbol.dispose]();
  dog.alive();
  clock.advance(1_000);
  expect([barks(), clock.pending]).toEqual([0, 0]);
});
