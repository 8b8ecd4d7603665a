import type { EngineAbilities } from '../../turn/engine.ts';

/** What Claude Code can carry; docs/CLAUDE-CODE.md has the reasons. */
export const claudeAbilities: EngineAbilities = {
  prefill: false,
  serverTools: true,
  systemMessages: false,
  citationsInHistory: false,
  keepsThinking: true,
  cacheControl: false,
  effortWithoutLevels: false,
  metadata: true,
  betas: false,
  otherParameters: false,
};

/** With a login of Claude Code, requests carry metadata of its own. */
export const abilitiesFor = (credentialKind: 'api-key' | 'subscription'): EngineAbilities => ({
  ...claudeAbilities,
  metadata: credentialKind === 'api-key',
});
