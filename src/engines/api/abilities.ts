import type { EngineAbilities } from '../../turn/engine.ts';

/** Everything: the API checks each request itself. */
export const apiAbilities: EngineAbilities = {
  prefill: true,
  serverTools: true,
  systemMessages: true,
  citationsInHistory: true,
  keepsThinking: false,
  cacheControl: true,
  effortWithoutLevels: true,
  metadata: true,
  betas: true,
  otherParameters: true,
};
