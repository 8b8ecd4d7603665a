/**
 * `/v1/models` for Codex: OpenAI's list, and beside it the catalog from which Codex knows windows, efforts and tools.
 * Codex asks with `?client_version=`; without an entry it offers no `apply_patch`, for instance.
 */
import { abilitiesOf } from '../../models/catalog.ts';
import type { ListedModel } from '../../models/list.ts';
import type { Abilities, EffortLevel } from '../../models/model.ts';
import { CODEX_INSTRUCTIONS } from './codex-instructions.ts';
import * as openAi from '../openai/models.ts';

export const { renderModel } = openAi;

export const renderModels = (models: readonly ListedModel[]): object => ({
  ...openAi.renderModels(models),
  models: models.map((model, index) => catalogEntry(model, index)),
});

/** The members are Codex's own: codex-rs/protocol/src/openai_models.rs. */
const catalogEntry = ({ id, displayName, resolvesTo }: ListedModel, index: number): object => {
  const abilities = abilitiesOf(resolvesTo);
  const efforts = effortsOf(abilities);
  return {
    slug: id,
    display_name: displayName,
    description: null,
    supported_reasoning_levels: efforts.map((effort) => ({ effort, description: EFFORTS[effort] })),
    default_reasoning_level: 'medium',
    shell_type: 'shell_command',
    // Names of other vendors work too, but a list of models should show Claude's.
    visibility: /claude|^(?:opus|sonnet|haiku|fable)$/u.test(id) ? 'list' : 'hide',
    supported_in_api: true,
    priority: index,
    availability_nux: null,
    upgrade: null,
    base_instructions: CODEX_INSTRUCTIONS,
    supports_reasoning_summaries: true,
    default_reasoning_summary: 'auto',
    support_verbosity: false,
    default_verbosity: null,
    apply_patch_tool_type: 'freeform',
    web_search_tool_type: 'text',
    truncation_policy: { mode: 'tokens', limit: 10_000 },
    supports_parallel_tool_calls: true,
    supports_image_detail_original: false,
    context_window: abilities.contextTokens,
    max_context_window: abilities.contextTokens,
    effective_context_window_percent: 95,
    experimental_supported_tools: [],
    input_modalities: ['text', 'image'],
    supports_search_tool: false,
  };
};

const EFFORTS: Readonly<Record<EffortLevel, string>> = {
  low: 'Answers fastest',
  medium: 'Thinks where it helps',
  high: 'Thinks longer',
  xhigh: 'Thinks much longer',
  max: 'Thinks as long as it can',
};

/** Models with thinking budgets take the same words, each of which stands for a budget. */
const effortsOf = ({ effort }: Abilities): readonly EffortLevel[] =>
  effort.length > 0 ? effort : ['low', 'medium', 'high', 'xhigh'];
