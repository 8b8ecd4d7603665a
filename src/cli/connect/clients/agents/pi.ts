import { keyFor, openAiBase, type Client, type Json } from '../../client.ts';
import type { ClientModel } from '../../models.ts';

export const pi: Client = {
  id: 'pi',
  name: 'pi',
  documentation: 'https://github.com/earendil-works/pi/blob/main/packages/coding-agent/docs/models.md',
  detect: { commands: ['pi'], paths: ({ home }) => [`${home}/.pi`] },
  variants: (target) => [
    {
      id: 'config',
      title: 'In its list of models',
      api: 'Responses',
      file: {
        locations: ({ home, env }) => [`${env['PI_CODING_AGENT_DIR'] || `${home}/.pi/agent`}/models.json`],
        format: 'json',
        entries: [
          {
            path: ['providers', 'claude-proxy'],
            value: {
              baseUrl: openAiBase(target),
              api: 'openai-responses',
              apiKey: keyFor(target, (name) => `$${name}`),
              models: target.models.map(modelOf),
            },
          },
        ],
      },
      steps: [`\`pi --model claude-proxy/${target.models[0]?.id ?? 'sonnet'}\``],
    },
  ],
  notes: ['Without limits pi takes a window of 128,000 tokens for granted, without `input` it sends no images.'],
  tested: { how: 'run', version: '0.87.1', date: '2026-11-24' },
};

const modelOf = ({ id, name, contextTokens, maxOutputTokens, prices }: ClientModel): Json => ({
  id,
  name,
  reasoning: true,
  input: ['text', 'image'],
  contextWindow: contextTokens,
  maxTokens: maxOutputTokens,
  ...(prices !== undefined && {
    cost: {
      input: prices.input,
      output: prices.output,
      cacheRead: prices.cacheRead,
      cacheWrite: prices.cacheWrite5m,
    },
  }),
});
