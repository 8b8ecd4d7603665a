/** From the Worker to the instance that holds the conversation, and on to another when that one has no room. */
import { TurnError } from '../../turn/errors.ts';
import { askInstance } from './ask-instance.ts';
import { INTERNAL, verdictOf, type Routed } from '../internal-protocol.ts';
import { orderFor } from '../rendezvous.ts';

export interface DispatchOptions {
  /** Names of the instances that take new conversations. */
  readonly homes: readonly string[];
  readonly ask: (name: string, request: Request) => Promise<Response>;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A request that can be asked of one instance after another. */
export interface Outgoing {
  readonly url: string;
  readonly init: RequestInit & { readonly signal: AbortSignal };
  readonly routed: Omit<Routed, 'self' | 'role' | 'tried' | 'awakeOnly'>;
}

/** Hops from instance to instance that one request may make; placement.ts gives up earlier. */
const MOST_HOPS = 8;

/** The instance's answer. Throws `queue_full` when nobody has room, and what `askInstance` throws. */
export const dispatch = async (outgoing: Outgoing, { homes, ask, sleep }: DispatchOptions): Promise<Response> => {
  const home = orderFor(outgoing.routed.conversation, homes)[0] ?? '';
  const tried: string[] = [];
  let [name, awakeOnly] = [home, false];
  for (let hop = 0; hop < MOST_HOPS; hop += 1) {
    const role = name === home ? 'home' : 'guest';
    const self = name;
    const rest = { role, tried, awakeOnly } as const;
    const response = await askInstance({
      ask: () => ask(self, requestTo(self, outgoing, rest)),
      sleep,
      client: outgoing.init.signal,
    });
    const verdict = verdictOf(response);
    if (verdict === undefined) return response;
    if (verdict.kind === 'full' && name === home) break;
    if (verdict.kind === 'full') tried.push(name);
    [name, awakeOnly] = verdict.kind === 'full' ? [home, false] : [verdict.name, verdict.awakeOnly];
  }
  throw new TurnError('queue_full', 'Every instance is busy; ask again in a moment.', { retryAfterSeconds: 5 });
};

const requestTo = (
  self: string,
  { url, init, routed }: Outgoing,
  rest: Pick<Routed, 'role' | 'tried' | 'awakeOnly'>,
): Request => {
  const request = new Request(url, init);
  request.headers.set(INTERNAL, JSON.stringify({ ...routed, self, ...rest } satisfies Routed));
  return request;
};
