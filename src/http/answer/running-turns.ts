/** The turns that wait or run on this server, for admins to see and end. */
import { TurnError } from '../../turn/errors.ts';

export interface RunningTurn {
  /** `req_…`, as in `x-request-id`. */
  readonly id: string;
  /** When the request came, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** When it got its slot; absent while it waits in the queue. */
  readonly startedAt?: number;
  readonly key: string;
  readonly client?: string;
  readonly dialect: string;
  readonly modelAsked: string;
  readonly model: string;
  readonly streamed: boolean;
}

export interface RunningTurns {
  /** `cancel` ends the turn with this error. Returns what forgets it. */
  add(turn: RunningTurn, cancel: (reason: TurnError) => void): () => void;
  /** It has left the queue and runs. */
  started(id: string, at: number): void;
  /** The longest running first. */
  list(): readonly RunningTurn[];
  /** False where no turn has that id. */
  cancel(id: string): boolean;
}

export const createRunningTurns = (): RunningTurns => {
  const turns = new Map<string, { turn: RunningTurn; cancel: (reason: TurnError) => void }>();
  return {
    add: (turn, cancel) => {
      turns.set(turn.id, { turn, cancel });
      return () => turns.delete(turn.id);
    },
    started: (id, at) => {
      const known = turns.get(id);
      if (known !== undefined) turns.set(id, { ...known, turn: { ...known.turn, startedAt: at } });
    },
    list: () => [...turns.values()].map(({ turn }) => turn),
    cancel: (id) => {
      const found = turns.get(id);
      found?.cancel(new TurnError('client_closed', 'An admin of this server has ended this turn.'));
      return found !== undefined;
    },
  };
};
