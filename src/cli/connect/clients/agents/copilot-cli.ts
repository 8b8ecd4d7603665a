import { keyInShell, openAiBase, type Client } from '../../client.ts';

export const copilotCli: Client = {
  id: 'copilot-cli',
  name: 'GitHub Copilot CLI',
  documentation: 'https://docs.github.com/copilot/how-tos/copilot-cli',
  detect: { commands: ['copilot'], paths: ({ home }) => [`${home}/.copilot`] },
  variants: (target) => [
    {
      id: 'shell',
      title: 'For one shell; no GitHub account is needed',
      api: 'Responses',
      environment: {
        COPILOT_PROVIDER_BASE_URL: openAiBase(target),
        COPILOT_PROVIDER_WIRE_API: 'responses',
        COPILOT_PROVIDER_API_KEY: keyInShell(target),
        COPILOT_MODEL: target.models[0]?.id ?? 'sonnet',
        COPILOT_PROVIDER_MAX_PROMPT_TOKENS: String(target.models[0]?.contextTokens ?? 200_000),
        COPILOT_PROVIDER_MAX_OUTPUT_TOKENS: String(target.models[0]?.maxOutputTokens ?? 32_000),
      },
      steps: ['`copilot`'],
    },
  ],
  notes: ['With `COPILOT_OFFLINE=true` it asks nothing but this server: no sign-in, no telemetry, no updates.'],
  tested: { how: 'run', version: '1.0.102', date: '2026-11-24' },
};
