/** What a model accepts: data for the dialects, which apply or ignore parameters by it, and for `/v1/models`. */
export type Family = 'opus' | 'sonnet' | 'haiku' | 'fable';

export type EffortLevel = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** As callers ask: beside the levels, the least of them and none at all. */
export type AskedEffort = 'none' | 'minimal' | EffortLevel;

export interface Abilities {
  /** `both`: temperature and top_p; `one`: either, not both at once; `none`: any sampling parameter is refused. */
  readonly sampling: 'both' | 'one' | 'none';
  /** How thinking is asked for: a token budget, or adaptive with an effort level. */
  readonly thinking: 'budget' | 'adaptive';
  /** Whether `thinking: {type: 'disabled'}` is accepted. */
  readonly thinkingOff: boolean;
  readonly effort: readonly EffortLevel[];
  /** Whether a request may end with an assistant message that the answer continues. */
  readonly prefill: boolean;
  /** Whether `tool_choice` may force a call (`any`, `tool`); absent: yes. */
  readonly forcedTools?: boolean;
  /** What asks for the least thinking where `disabled` is refused; absent: nothing does. */
  readonly leastThinking?: 'between_tools';
  /** Whether `messages` may hold `role: "system"` after the first one; absent: no. */
  readonly systemMessages?: boolean;
  readonly maxOutputTokens: number;
  readonly contextTokens: number;
}

export interface ResolvedModel {
  /** What the caller wrote. */
  readonly requested: string;
  /** What the upstream is asked for: a full id, or a short name that passes through (`sonnet`). */
  readonly id: string;
  /** The model's own id; absent for a short name while nobody has told what it means. */
  readonly fullId?: string;
  readonly family: Family;
  /** `exact`: passed through; `alias`: mapped by the table; `unknown`: nobody knows it, the default family answers. */
  readonly via: 'exact' | 'alias' | 'unknown';
  /** What the name itself asks for: `sonnet(high)`. It counts before an effort in the request. */
  readonly effort?: AskedEffort;
  readonly abilities: Abilities;
}

/** Name to model; throws `model_not_found` where unknown names are rejected. */
export type ResolveModel = (name: string) => ResolvedModel;

/** The most exact name of the model: its own id, else the one that the answer names. */
export const exactName = ({ fullId, id }: Pick<ResolvedModel, 'id' | 'fullId'>, answeredBy?: string): string =>
  fullId ?? answeredBy ?? id;
