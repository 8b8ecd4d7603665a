import { expect, it } from 'vitest';
import { answerHeaders } from '../../src/http/answer/answer-headers.ts';
import { anthropicMessages, openAiChat } from '../../src/dialects/index.ts';
import type { Notice } from '../../src/turn/events.ts';

const model = { id: 'claude-x', requested: 'claude-x', via: 'exact' } as Parameters<typeof answerHeaders>[0]['model'];
const route = (adjusted: string[], ignored: string[]): Notice => ({
  kind: 'strategy',
  strategy: 'resume' as const,
  adjusted,
  ignored,
});

it.each([
  [
    'in the words of Anthropic',
    anthropicMessages,
    [route(['messages'], ['thinking'])],
    { 'x-proxy-emulated': 'stop, messages', 'x-proxy-ignored': 'seed, thinking' },
  ],
  [
    'in the words of OpenAI',
    openAiChat,
    [route([], ['thinking'])],
    { 'x-proxy-emulated': 'stop', 'x-proxy-ignored': 'seed, reasoning_effort' },
  ],
  ['once', anthropicMessages, [route(['stop'], ['seed'])], { 'x-proxy-emulated': 'stop', 'x-proxy-ignored': 'seed' }],
  [
    'of the attempt that served the turn',
    anthropicMessages,
    [route(['messages'], ['thinking']), route([], [])],
    { 'x-proxy-emulated': 'stop', 'x-proxy-ignored': 'seed' },
  ],
])('what an engine changed or left out stands beside what the dialect did, %s', (_, dialect, notices, expected) => {
  const report = { ignored: ['seed'], emulated: ['stop'] };
  expect(answerHeaders({ model, report }, notices, { nowMs: 0, dialect })).toEqual({
    'x-proxy-model': 'claude-x',
    ...expected,
  });
});
