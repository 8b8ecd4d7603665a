/** What a model accepts: data for the dialects, which apply or ignore parameters by it, and for `/v1/models`. */
export type Family = 'opus' | 'sonnet' | 'haiku' | 'fable';

export type EffortLevel = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** Efforts that callers may ask for: the levels, the least thinking, and none. */
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
  /** How the least thinking is requested where `disabled` is refused; absent: it cannot be. */
  readonly leastThinking?: 'between_tools';
  /** Whether `messages` may hold `role: "system"` after the first one; absent: no. */
  readonly systemMessages?: boolean;
  readonly maxOutputTokens: number;
  readonly contextTokens: number;
}

export interface ResolvedModel {
  /** The name in the caller's request. */
  readonly requested: string;
  /** The name that the upstream is asked for: a full id, or a short name that passes through (`sonnet`). */
  readonly id: string;
  /** The model's own id; absent for a short name that has not been resolved yet. */
  readonly fullId?: string;
  readonly family: Family;
  /** `exact`: passed through; `alias`: mapped by the table; `unknown`: no rule knows it, the default family answers. */
  readonly via: 'exact' | 'alias' | 'unknown';
  /** The effort in the name: `sonnet(high)`. It takes precedence over an effort in the request. */
  readonly effort?: AskedEffort;
  readonly abilities: Abilities;
}

/** Name to model; throws `model_not_found` where unknown names are rejected. */
export type ResolveModel = (name: string) => ResolvedModel;

/** The most precise name of the model: its own id, else the one in the answer. */
export const exactName = ({ fullId, id }: Pick<ResolvedModel, 'id' | 'fullId'>, answeredBy?: string): string =>
  fullId ?? answeredBy ?? id;
