/**
 * What Worker, Durable Object and container exchange beside the client's request. It travels in one header, which no
 * client can set: the edge removes it.
 */
import type { Dialect } from '../dialects/dialect.ts';
import type { ContainerLife } from './instance/container.ts';
import { INTERNAL_HEADER } from '../http/answer/end-mark.ts';

/**
 * Worker to instance: `Routed` as JSON. Instance to Worker: a `Verdict` as JSON, in place of an answer; `eos` with a
 * stream that ends with the end mark. Instance to container: `eos`, asking for the end mark, and back when one will
 * come.
 */
export const INTERNAL = INTERNAL_HEADER;
export const REQUEST_ID = 'x-request-id';

export interface Routed {
  readonly requestId: string;
  /** The name of the instance that is asked; an object does not always know its own. */
  readonly self: string;
  readonly dialect: Dialect['name'];
  readonly conversation: string;
  /** Whose key the client sent. */
  readonly owner: string;
  /** `home` decides where the conversation lives, `guest` only whether it has room. */
  readonly role: 'home' | 'guest';
  /** Instances that had no room just now. */
  readonly tried: readonly string[];
  /** No other instance can answer it: it is taken here also when there is no room. */
  readonly onlyHere?: boolean;
  /** Only an instance whose container runs may take it: the platform starts no other one now. */
  readonly awakeOnly: boolean;
  /** The client asked for a stream: it can be shown signs of life before the answer. */
  readonly stream: boolean;
  /** Length of the body. */
  readonly bytes: number;
}

export type Verdict =
  | { readonly kind: 'elsewhere'; readonly name: string; readonly awakeOnly: boolean }
  /** No room here; at home, also no other instance it could send the conversation to. */
  | { readonly kind: 'full' };

export interface InstanceStatus {
  /** `unreachable`: the object itself did not answer. */
  readonly state: ContainerLife['state'] | 'unreachable';
  readonly open: number;
  /** Conversations that the container may hold warm. */
  readonly conversations: number;
  /** The platform's message when the last container ended, until one is ready again. */
  readonly platformMessage?: string;
}

export const verdictResponse = (verdict: Verdict): Response =>
  new Response(null, { status: 204, headers: { [INTERNAL]: JSON.stringify(verdict) } });

export const verdictOf = (response: Response): Verdict | undefined => {
  const verdict = response.status === 204 ? response.headers.get(INTERNAL) : null;
  return verdict === null ? undefined : (JSON.parse(verdict) as Verdict);
};

export const routedOf = (request: Request): Routed => JSON.parse(request.headers.get(INTERNAL) ?? 'null') as Routed;

// Hop-by-hop and origin headers say something about a connection that ends here; `cf-container-*`
// could choose a port in the container. The client's address and key stay out of the container too.
const REMOVED = new RegExp(
  `^(?:${[
    'x-proxy-internal.*|cf-.*|x-forwarded-.*|forwarded|x-real-ip|true-client-ip',
    'connection|keep-alive|te|trailer|upgrade|proxy-.*|transfer-encoding|host|expect',
    'origin|referer|cookie|accept-encoding|authorization|x-api-key|api-key',
  ].join('|')})$`,
  'iu',
);

/** The client's headers as the container may see them. */
export const innerHeaders = (headers: Headers, requestId: string): Headers => {
  const inner = new Headers();
  for (const [name, value] of headers) if (!REMOVED.test(name)) inner.append(name, value);
  inner.set(REQUEST_ID, requestId);
  return inner;
};
