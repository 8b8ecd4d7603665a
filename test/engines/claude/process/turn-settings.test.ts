import { describe, expect, it } from 'vitest';
import {
  changeSettings,
  toTurnSettings,
  type AppliedSettings,
} from '../../../../src/engines/claude/process/control/turn-settings.ts';
import { MODEL } from '../support.ts';

const settings = (...names: string[]) =>
  toTurnSettings({
    model: MODEL,
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hello' }],
    tools: names.map((name) => ({ name, input_schema: { type: 'object' } })),
  });
const applied = (offered: string[]): AppliedSettings => ({
  settings: settings(...offered),
  offered,
  serial: 3,
  latched: false,
});
const many = Array.from({ length: 60 }, (_, n) => `tool_${n}`).toSorted();

const other = ['x1', 'x2', 'x3', 'x4', 'x5'];

describe('the tools that a process offers', () => {
  it.each([
    ['stay as they are where they hold all that is wanted', ['a', 'b'], ['b'], undefined],
    ['grow by those of another client, so that both find theirs', ['a', 'b'], ['b', 'c'], ['a', 'b', 'c']],
    ['are the wanted ones alone where they would become too many', many, other, other],
  ])('%s', (_, offered, wanted, names) => {
    const { tools } = changeSettings(applied(offered), settings(...wanted), false);
    expect(tools).toEqual(names && { server: 't4', names });
  });

  it('are not replaced while calls wait', () => {
    expect(changeSettings(applied(['a']), settings('b'), true).tools).toBeUndefined();
  });
});
