import { keyInWords, openAiBase, type Client } from '../../client.ts';

export const jetbrains: Client = {
  id: 'jetbrains',
  name: 'JetBrains AI Assistant',
  documentation: 'https://www.jetbrains.com/help/ai-assistant/use-custom-models.html',
  detect: { commands: ['idea', 'pycharm', 'webstorm', 'goland'] },
  variants: (target) => [
    {
      id: 'settings',
      title: 'In the IDE',
      api: 'Chat Completions',
      steps: [
        'Settings, **Tools**, **AI Assistant**, **Models & API keys** (in newer versions **Providers & API keys**)',
        `**OpenAI-compatible**: URL \`${openAiBase(target)}\`, key \`${keyInWords(target)}\``,
        'Newer versions take one entry for each model: `sonnet`, `opus`, `haiku`',
      ],
    },
  ],
  notes: ['It speaks the OpenAI API only and names itself in no header.'],
  tested: { how: 'documentation', date: '2026-11-24' },
};
