import type { Clock } from '../../util/clock.ts';
import type { Log } from '../../util/log.ts';
import type { ClaudeHost } from './process/control/cli-options.ts';

export interface ClaudeEngineOptions extends Omit<ClaudeHost, 'maxRetries'> {
  /** Where the notes of running children are kept. */
  readonly stateDir: string;
  readonly log: Log;
  readonly clock?: Clock;
  readonly maxRetries?: number;
  /** Default: what `maxTurns` needs and memory allows. */
  readonly maxProcesses?: number;
  /** Turns that are to run at the same time; default 16. */
  readonly maxTurns?: number;
  /** Processes to keep ready that hold nobody's conversation; default 1. */
  readonly spares?: number;
  readonly idleTtlMs?: number;
  readonly suspendTtlMs?: number;
  /** Whether one process may serve many conversations, where its CLI can; default true. */
  readonly recycle?: boolean;
  /** Whether to ask for the usage of a login's plan beside what answers tell; default false. */
  readonly planUsage?: boolean;
  /** How long a process may take to answer `initialize` or a control call before it counts as hung; default 30,000. */
  readonly controlTimeoutMs?: number;
}
