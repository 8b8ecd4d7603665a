import { keyInWords, openAiBase, type Client } from '../../client.ts';

export const homeAssistant: Client = {
  id: 'home-assistant',
  name: 'Home Assistant',
  documentation: 'https://github.com/jekalmin/extended_openai_conversation',
  detect: { commands: ['hass'] },
  variants: (target) => [
    {
      id: 'extended-openai',
      title: 'With Extended OpenAI Conversation (from HACS)',
      api: 'Chat Completions',
      steps: [
        '**Settings**, **Devices & services**, **Add integration**, **Extended OpenAI Conversation**',
        `**API Key** \`${keyInWords(target)}\`, **Base URL** \`${openAiBase(target)}\`; model \`haiku\` or \`sonnet\``,
      ],
    },
  ],
  notes: [
    'Home Assistant’s own OpenAI integration takes no other address.',
    'It runs on another machine as a rule: start the server with `HOST=0.0.0.0` and a `PROXY_API_KEY`.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};
