/** What the CLI reports of the account when it is initialised. Pure. */
import type { SDKControlInitializeResponse } from '@anthropic-ai/claude-agent-sdk';
import type { EngineModel } from '../../../../turn/engine.ts';

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
