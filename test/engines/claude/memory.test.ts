import { describe, expect, it } from 'vitest';
import { defaultMaxProcesses } from '../../../src/engines/claude/memory.ts';

const MiB = 1024 * 1024;

describe('how many processes there is room for', () => {
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
    { what: 'a large one is bounded', constrained: 0, total: 1_048_576 * MiB, expected: 64 },
  ])('$what', ({ constrained, total, expected }) => {
    expect(defaultMaxProcesses(constrained, total)).toBe(expected);
  });

  it('answers for the machine it runs on', () => {
    expect(defaultMaxProcesses()).toBeGreaterThanOrEqual(2);
  });
});
