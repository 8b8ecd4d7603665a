import { keyInWords, openAiBase, type Client } from '../../client.ts';

export const homeAssistant: Client = {
  id: 'home-assistant',
  name: 'Home Assistant',
  documentation: 'https://www.home-assistant.io/integrations/ollama/',
  detect: { commands: ['hass'] },
  variants: (target) => [
    {
      id: 'ollama',
      title: 'With its own integration for Ollama',
      api: 'Ollama',
      steps: [
        '**Settings**, **Devices & services**, **Add integration**, **Ollama**',
        `**URL** \`${target.url}\`, **API key** \`${keyInWords(target)}\``,
        'Then add a conversation agent, with one of the models that are marked as downloaded, such as `haiku:latest`',
      ],
    },
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
    'Its context window and how long a model stays loaded mean nothing here; a history that it cuts is told as ' +
      'ignored messages.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};
