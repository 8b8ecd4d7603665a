/** Requests from the Worker to instances: the client's own, or one that the Worker makes. */
import { localOwner } from '../../access/keys.ts';
import type { HttpContext } from '../../http/context.ts';
import type { Log } from '../../util/log.ts';
import { createResponder } from '../dialect-responder.ts';
import { innerHeaders } from '../internal-protocol.ts';
import { wholeOrError } from './ask-instance.ts';
import { conversationKey } from './conversation-key.ts';
import { dispatch, type DispatchOptions } from './dispatch.ts';

interface SendServices {
  readonly dispatch: DispatchOptions;
  readonly log: Log;
}

export interface AwakeServices extends SendServices {
  /** Names of the instances whose container runs. */
  readonly awake: () => Promise<readonly string[]>;
}

export interface ToSend {
  readonly body?: Uint8Array<ArrayBuffer>;
  /** In the place of the client's own request. */
  readonly own?: OwnRequest;
}

interface OwnRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  /** A container takes each id once. */
  readonly requestId: string;
}

/** Who can answer it: where its conversation lives, or one instance alone. */
type Destination = { readonly conversation: string; readonly stream: boolean; readonly onlyHere?: boolean };

export const send = async (
  c: HttpContext,
  { conversation, stream, onlyHere = false, body, own }: ToSend & Destination,
  services: SendServices,
): Promise<Response> => {
  const { pathname, search } = new URL(c.req.url);
  const { method, path, requestId } = own ?? {
    method: c.req.method,
    path: pathname + search,
    requestId: c.get('requestId'),
  };
  const headers = own === undefined ? c.req.raw.headers : new Headers({ 'content-type': 'application/json' });
  const init = {
    method,
    headers: innerHeaders(headers, requestId),
    body: body ?? null,
    signal: c.get('signal'),
  };
  const routed = {
    requestId,
    dialect: c.get('dialect').name,
    conversation,
    owner: c.get('owner') ?? localOwner,
    stream,
    onlyHere,
    bytes: body?.byteLength ?? 0,
  };
  const answer = await dispatch({ url: `http://instance${path}`, init, routed }, services.dispatch);
  return wholeOrError(answer, {
    responder: createResponder(c.get('dialect'), requestId),
    // The summary of the request has been written by then.
    onBroken: (error) => services.log.warn({ id: requestId, code: error.code }, error.message),
  });
};

/** To whoever answers what any server can, over the database that all share: the same one each time. */
export const sendAnywhere = async (c: HttpContext, what: ToSend, services: SendServices): Promise<Response> =>
  send(c, { ...what, conversation: await anyConversation(), stream: false }, services);

/** To one instance, for what no other one can answer. */
export const sendOnly = async (
  c: HttpContext,
  { name, ...what }: ToSend & { readonly name: string },
  services: SendServices,
): Promise<Response> => {
  const here = { ...services, dispatch: { ...services.dispatch, homes: [name] } };
  return send(c, { ...what, conversation: await anyConversation(), stream: false, onlyHere: true }, here);
};

/** What only the server that runs a turn can do. The Worker does not know which one, so it asks each that is awake. */
export const sendWhereItRuns = async (c: HttpContext, what: ToSend, services: AwakeServices): Promise<Response> => {
  let refusal: Response | undefined;
  for (const name of await services.awake()) {
    const answer = await sendOnly(c, { ...what, name }, services);
    if (answer.ok) return answer;
    await refusal?.body?.cancel();
    refusal = answer;
  }
  return refusal ?? sendAnywhere(c, what, services);
};

const anyConversation = (): Promise<string> => conversationKey('any', new Headers(), []);
