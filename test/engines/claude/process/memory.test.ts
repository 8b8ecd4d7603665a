import { describe, expect, it } from 'vitest';
import { comfortable, mostProcesses, roomInMemory } from '../../../../src/engines/claude/process/child/memory.ts';

const MiB = 1024 * 1024;

describe('how many processes memory has room for', () => {
  it.each([
    { what: 'a container limit counts, not the machine', constrained: 2048 * MiB, total: 65_536 * MiB, expected: 6 },
    { what: 'without a limit the machine counts', constrained: 0, total: 8192 * MiB, expected: 24 },
    {
      what: 'a limit beyond the machine is none (cgroups report 2^63)',
      constrained: 2 ** 63,
      total: 8192 * MiB,
      expected: 24,
    },
    {
      what: 'a small one still has room to go on while another is replaced',
      constrained: 256 * MiB,
      total: 8192 * MiB,
      expected: 2,
    },
  ])('$what', ({ constrained, total, expected }) => {
    expect(roomInMemory(constrained, total)).toBe(expected);
  });
});

describe('the most processes there may be', () => {
  it.each([
    { what: 'as many as turns may run at once', maxTurns: 16, room: 100, cores: 2, expected: 16 },
    { what: 'and no less than a person needs', maxTurns: 2, room: 100, cores: 2, expected: 8 },
    { what: 'as far as memory goes', maxTurns: 16, room: 5, cores: 8, expected: 5 },
  ])('$what', ({ maxTurns, room, cores, expected }) => {
    expect(mostProcesses(maxTurns, room, cores)).toBe(expected);
  });

  it('grows with the cores', () => {
    expect([1, 2, 8].map(comfortable)).toEqual([6, 8, 20]);
  });
});
