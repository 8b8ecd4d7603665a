import { configHome, type Client, type Target, type Variant } from '../../client.ts';
import { providerOf } from '../agents/opencode.ts';

export const kilo: Client = {
  id: 'kilo',
  name: 'Kilo Code',
  documentation: 'https://kilo.ai/docs/providers/openai-compatible',
  detect: { commands: ['kilo', 'kilocode'], paths: (machine) => [`${configHome(machine)}/kilo`] },
  variants: (target) => [
    variant(target, { id: 'anthropic', title: 'Over the Anthropic API', api: 'Messages', npm: '@ai-sdk/anthropic' }),
    variant(target, {
      id: 'openai',
      title: 'Over the OpenAI API',
      api: 'Chat Completions',
      npm: '@ai-sdk/openai-compatible',
    }),
  ],
  notes: ['Roo Code has ended (15 May 2026) and sends its users to Kilo.'],
  tested: { how: 'documentation', date: '2026-11-24' },
};

const variant = (
  target: Target,
  { npm, ...variant }: Pick<Variant, 'id' | 'title' | 'api'> & { npm: string },
): Variant => ({
  ...variant,
  file: {
    locations: (machine) =>
      ['kilo.json', 'kilo.jsonc', 'config.json'].map((name) => `${configHome(machine)}/kilo/${name}`),
    format: 'json',
    entries: [
      { path: ['$schema'], value: 'https://kilo.ai/config.json', keepExisting: 'each' },
      { path: ['model'], value: `claude-proxy/${target.models[0]?.id}`, keepExisting: 'all' },
      { path: ['provider', 'claude-proxy'], value: providerOf(target, npm) },
    ],
  },
});
