import { configHome, keyFor, openAiBase, type Client, type Json, type Target, type Variant } from '../../client.ts';
import type { ClientModel } from '../../models.ts';

export const opencode: Client = {
  id: 'opencode',
  name: 'opencode',
  documentation: 'https://opencode.ai/docs/providers',
  detect: { commands: ['opencode'], paths: (machine) => [`${configHome(machine)}/opencode`] },
  variants: (target) => [
    variant(target, {
      id: 'anthropic',
      title: 'Over the Anthropic API, with thinking and its signatures in the history',
      api: 'Messages',
      npm: '@ai-sdk/anthropic',
    }),
    variant(target, {
      id: 'openai',
      title: 'Over the OpenAI API',
      api: 'Chat Completions',
      npm: '@ai-sdk/openai-compatible',
    }),
  ],
  notes: [
    'Without limits opencode never compacts a long session, without `attachment` it sends no images, without ' +
      '`cost` it counts nothing.',
    'The prices are those of the API; with a subscription they are what a session would have cost.',
    'For one project only, the same goes into `opencode.json` in its folder.',
  ],
  tested: { how: 'run', version: '1.18.33', date: '2026-11-24' },
};

const variant = (
  target: Target,
  { id, title, api, npm }: Pick<Variant, 'id' | 'title' | 'api'> & { npm: string },
): Variant => {
  const [main, ...others] = target.models;
  const small = others.at(-1);
  return {
    id,
    title,
    api,
    file: {
      locations: (machine) =>
        ['opencode.json', 'opencode.jsonc'].map((name) => `${configHome(machine)}/opencode/${name}`),
      format: 'json',
      entries: [
        { path: ['$schema'], value: 'https://opencode.ai/config.json', keepExisting: 'each' },
        ...(main === undefined
          ? []
          : [{ path: ['model'], value: `claude-proxy/${main.id}`, keepExisting: 'all' } as const]),
        ...(small === undefined
          ? []
          : [{ path: ['small_model'], value: `claude-proxy/${small.id}`, keepExisting: 'all' } as const]),
        { path: ['provider', 'claude-proxy'], value: providerOf(target, npm) },
      ],
    },
  };
};

/** Also Kilo's form, whose program is built from the same parts. */
export const providerOf = (target: Target, npm: string): Json => ({
  npm,
  name: 'Claude',
  options: { baseURL: openAiBase(target), apiKey: keyFor(target, (name) => `{env:${name}}`) },
  models: Object.fromEntries(target.models.map((model) => [model.id, modelOf(model)])),
});

const modelOf = ({ name, contextTokens, maxOutputTokens, temperature, prices }: ClientModel): Json => ({
  name,
  attachment: true,
  reasoning: true,
  temperature,
  tool_call: true,
  modalities: { input: ['text', 'image', 'pdf'], output: ['text'] },
  limit: { context: contextTokens, output: maxOutputTokens },
  ...(prices !== undefined && {
    cost: {
      input: prices.input,
      output: prices.output,
      cache_read: prices.cacheRead,
      cache_write: prices.cacheWrite5m,
    },
  }),
});
