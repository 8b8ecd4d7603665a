/** How a process is made ready for a request and begins its step. */
import type { TurnEvent } from '../../../turn/events.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Plan } from '../conversation/plan.ts';
import type { TurnSettings } from './control/turn-settings.ts';

/** `idle` and `suspended` can be chosen; a `busy` or `ended` one cannot. */
export type ProcessState = 'busy' | 'idle' | 'suspended' | 'ended';

/** How a process is to be made ready for a request; the rest of the plan is how it is begun. */
export type OnProcess = Exclude<Plan, { kind: 'start' | 'resume' }>;

export interface Preparation {
  readonly conversation: Conversation;
  readonly settings: TurnSettings;
  readonly signal?: AbortSignal;
}

export interface StepStart {
  readonly opening: readonly TurnEvent[];
  readonly plan: OnProcess;
  readonly signal: AbortSignal;
}
