/** What the end of a process means for the turn that ran on it. Pure. */
import { TurnError } from '../../../../turn/errors.ts';
import type { End } from './child.ts';

/** The error for a process that ended while a turn ran on it. */
export const errorOfEnd = ({ reason, code, signal, errno }: End): TurnError => {
  if (reason === 'spawn_failed')
    return new TurnError('engine_unavailable', `Claude Code could not be started (${errno}).`);
  if (reason === 'closing') return new TurnError('draining', 'The server is shutting down.');
  if (reason === 'hung') return new TurnError('engine_died', 'Claude Code stopped answering and was ended.');
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  return new TurnError('engine_died', `The Claude Code process that ran this turn ended unexpectedly (${how}).`);
};

/** The error of a turn whose client has left, with the reason of its signal. */
export const errorOfAbort = (signal: AbortSignal): TurnError =>
  signal.reason instanceof TurnError
    ? signal.reason
    : new TurnError('client_closed', 'The client closed the connection.');
