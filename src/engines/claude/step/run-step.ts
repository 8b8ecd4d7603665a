/** One step on one process: the CLI's messages become the events of one upstream answer. */
import type { TurnEvent } from '../../../turn/events.ts';
import { toTurnError, type TurnError } from '../../../turn/errors.ts';
import type { Cost } from '../../../turn/request-summary.ts';
import type { CliProcess } from '../process/control/cli-process.ts';
import { errorOfAbort, errorOfEnd } from '../process/child/end-errors.ts';
import type { Outcome, StepReader } from './step-reader.ts';

export interface Step {
  /** Events that come before those of the answer. */
  readonly opening: readonly TurnEvent[];
  readonly reader: StepReader;
  /** Sends what starts the step. */
  readonly begin: () => void;
  readonly signal: AbortSignal;
  /** Called once, at once when it is known how the step ends; `left`: its reader went away or aborted. */
  readonly conclude: (outcome: Outcome | { readonly kind: 'left' }) => void;
  /** What the answer cost, once it has finished. */
  readonly cost: () => Promise<Cost | undefined>;
}

/**
 * The events of the step; an error comes after the last event was read. Leaving early or aborting ends the step, and
 * with it the upstream request.
 */
export const runStep = (process: CliProcess, step: Step): ReadableStream<TurnEvent> => {
  const { opening, reader, begin, signal } = step;
  let over = false;
  let failure: TurnError | undefined;
  let stream: ReadableStreamDefaultController<TurnEvent> | undefined;
  const conclude: Step['conclude'] = (outcome) => {
    if (over) return;
    over = true;
    signal.removeEventListener('abort', leave);
    step.conclude(outcome);
  };
  // An error throws away what nobody has read yet: it waits until the last event has been taken.
  const fail = (error: TurnError): void => {
    if ((stream?.desiredSize ?? 0) > 0) stream?.error(error);
    else failure = error;
  };
  const leave = (): void => {
    conclude({ kind: 'left' });
    fail(errorOfAbort(signal));
  };
  return new ReadableStream<TurnEvent>({
    start: (controller) => {
      stream = controller;
      const finish = (outcome: Outcome): void => {
        if (over) return;
        conclude(outcome);
        if (outcome.kind === 'failed') return fail(outcome.error);
        if (outcome.kind === 'finished')
          controller.enqueue({ type: 'notice', notice: { kind: 'cost', cost: step.cost() } });
        controller.close();
      };
      for (const event of opening) controller.enqueue(event);
      signal.addEventListener('abort', leave);
      process.listen({
        message: (message) => {
          if (over) return;
          const { events, outcome, latch } = reader.read(message);
          if (latch === true) process.latch();
          for (const event of events) controller.enqueue(event);
          if (outcome !== undefined) finish(outcome);
        },
        ended: (end) => finish({ kind: 'failed', error: errorOfEnd(end) }),
      });
      if (signal.aborted) leave();
      if (over) return;
      try {
        begin();
      } catch (error) {
        finish({ kind: 'failed', error: toTurnError(error) });
      }
    },
    pull: (controller) => {
      if (failure !== undefined) controller.error(failure);
    },
    // After the answer the process holds a conversation that its client may come back to.
    cancel: () => conclude({ kind: 'left' }),
  });
};
