/** What is asked of the pool, and what it gives. */
import type { Conversation } from '../conversation/conversation.ts';
import type { Exchange } from '../conversation/exchanges.ts';
import type { Plan } from '../conversation/plan.ts';
import type { HeldProcess } from './held-process.ts';
import type { OnProcess } from './preparation.ts';
import type { TurnSettings } from './control/turn-settings.ts';

export interface Beginning {
  /** For a process that serves no other; absent for one that can be given any. */
  readonly prompt?: string;
  /** A history that it reads at its start. */
  readonly resumed?: {
    readonly conversation: Conversation;
    readonly messages: readonly Exchange[];
    readonly model: string;
  };
}

export interface Wanted {
  readonly conversation: Conversation;
  readonly settings: TurnSettings;
  /** Whether only a process that is started from now on will do: the others may have died as well. */
  readonly fresh?: boolean;
  /** Whether what a process holds may be used; default true. */
  readonly reuses?: boolean;
}

export interface Taken {
  readonly process: HeldProcess;
  readonly plan: OnProcess;
  readonly strategy: Plan['kind'];
}
