import { expect, it } from 'vitest';
import { saidOnce } from '../../src/http/request/said-once.ts';
import { summary } from '../store/summaries.ts';

const setUp = () => {
  const said: Record<string, unknown>[] = [];
  const listener = saidOnce({ info: (fields, message) => void said.push({ ...fields, message }) });
  return { said, listener };
};

it('says once that a parameter has no effect, for each API and parameter', () => {
  const { said, listener } = setUp();
  for (const ignored of [['seed', 'logprobs'], ['seed'], undefined]) {
    listener(summary({ dialect: 'openai-chat', ...(ignored && { ignored }) }));
  }
  listener(summary({ dialect: 'openai-responses', ignored: ['seed'] }));
  expect(said).toMatchObject([
    { dialect: 'openai-chat', parameter: 'seed', client: 'claude-cli', key: 'ci' },
    { dialect: 'openai-chat', parameter: 'logprobs' },
    { dialect: 'openai-responses', parameter: 'seed' },
  ]);
  expect(said[0]?.['message']).toContain('has no effect');
});

it('says once that a name stands for another model, and again when it stands for a third', () => {
  const { said, listener } = setUp();
  listener(summary({ modelAsked: 'gpt-4o', model: 'claude-a', mapped: true }));
  listener(summary({ modelAsked: 'gpt-4o', model: 'claude-a', mapped: true }));
  listener(summary({ modelAsked: 'gpt-4o', model: 'claude-b', mapped: true }));
  listener(summary({ modelAsked: 'nonsense', model: 'claude-a' }));
  listener(summary({ modelAsked: 'claude-a', model: 'claude-a', mapped: true }));
  expect(said).toMatchObject([
    { asked: 'gpt-4o', model: 'claude-a' },
    { asked: 'gpt-4o', model: 'claude-b' },
  ]);
});

it('remembers no more than a thousand', () => {
  const { said, listener } = setUp();
  for (let n = 0; n < 3_000; n += 1) listener(summary({ modelAsked: `name-${n}`, mapped: true }));
  expect(said).toHaveLength(1_000);
});
