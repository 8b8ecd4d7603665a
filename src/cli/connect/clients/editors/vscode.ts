import { applicationData, openAiBase, type Client } from '../../client.ts';

export const vscode: Client = {
  id: 'vscode',
  name: 'VS Code',
  documentation: 'https://code.visualstudio.com/docs/agent-customization/language-models',
  detect: { commands: ['code'], paths: (machine) => [`${applicationData(machine)}/Code`] },
  variants: (target) => [
    {
      id: 'custom-endpoint',
      title: 'Custom Endpoint of Copilot Chat, VS Code 1.122 or later, without a GitHub login',
      api: 'Messages',
      file: {
        locations: (machine) => [`${applicationData(machine)}/Code/User/chatLanguageModels.json`],
        format: 'json',
        entries: [
          {
            path: [],
            by: 'name',
            item: {
              name: 'Claude',
              vendor: 'customendpoint',
              // VS Code asks for the value and keeps it itself.
              apiKey: target.keyEnv === undefined ? 'any' : '${input:claude-proxy-key}',
              apiType: 'messages',
              models: target.models.map(({ id, name, contextTokens, maxOutputTokens }) => ({
                id,
                name,
                url: `${openAiBase(target)}/messages`,
                toolCalling: true,
                vision: true,
                thinking: true,
                maxInputTokens: contextTokens - maxOutputTokens,
                maxOutputTokens,
              })),
            },
          },
        ],
      },
      steps: [
        'Command palette, **Chat: Manage Language Models**; the models are in the picker, if not after a restart',
        ...(target.keyEnv === undefined
          ? []
          : [`Enter the value of ${target.keyEnv} there, at the gear of **Claude**`]),
      ],
    },
  ],
  notes: [
    '`"apiType"` may also be `"chat-completions"` or `"responses"`; `url` then ends with `/chat/completions` or ' +
      '`/responses`.',
    'The older vendor `customoai` is deprecated. With Copilot Business or Enterprise the policy *Bring Your Own ' +
      'Language Model Key* must be on.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};
