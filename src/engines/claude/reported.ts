/** What the CLI reports of the account when it is initialised. Pure. */
import type { SDKControlInitializeResponse } from '@anthropic-ai/claude-agent-sdk';
import type { EngineModel } from '../../turn/engine.ts';

/** The CLI lists aliases; one model has several. */
export const reportedModels = ({ models }: Pick<SDKControlInitializeResponse, 'models'>): readonly EngineModel[] => {
  const byId = new Map<string, EngineModel>();
  for (const { value, resolvedModel, displayName } of models) {
    const id = resolvedModel ?? value;
    const known = byId.get(id);
    const aliases = [...(known?.aliases ?? []), ...(value === id ? [] : [value])];
    // "Default (recommended)" names the choice, not the model.
    byId.set(id, { id, displayName: value === 'default' ? (known?.displayName ?? displayName) : displayName, aliases });
  }
  return [...byId.values()];
};

/** Why turns would fail, as far as the CLI knows before the first one. */
export const loginProblem = ({ account }: Pick<SDKControlInitializeResponse, 'account'>): string | undefined => {
  const { apiProvider = 'firstParty', tokenSource = 'none', apiKeySource = 'none' } = account;
  const loggedIn =
    apiProvider !== 'firstParty' || tokenSource !== 'none' || apiKeySource !== 'none' || account.email !== undefined;
  return loggedIn ? undefined : 'Claude Code is not logged in';
};
