/** Asks one case over HTTP and compares what reached the upstream, and what the caller was told. */
import { expect } from 'vitest';
import type { DemoRequest } from '../../src/demo/upstream.ts';
import { systemOf, type Arrived, type World } from '../conformance/set-up.ts';
import { plain } from '../engines/claude/support.ts';
import { fateShown, type Case } from './cases.ts';

export interface Endpoint {
  readonly path: string;
  readonly base: Readonly<Record<string, unknown>>;
  readonly cases: readonly Case[];
}

/**
 * Not streamed, then streamed. Where a case leaves the messages alone, both requests go on with the conversation of the
 * cases before it: Claude Code then needs no new process, and must have kept or changed every setting.
 */
export const runCase = async (one: Case, endpoint: Endpoint, world: World): Promise<void> => {
  const talk = ownMessages(one, endpoint) ? undefined : talkOf(one, endpoint, world);
  const answer = await ask(withMessages(one, talk?.messages), endpoint, { world, stream: false });
  if (fateShown(one) === 'ignored' && one.row in one.body && one.sent === undefined && one.absent === undefined) {
    expect(comparable(world), 'as if it were not there').toEqual(await arrivedWithout(one, endpoint, world));
  }
  // The demo upstream says the same to the same message.
  talk?.goOn(textOf(answer));
  world.upstream.clear();
  await ask(withMessages(one, talk?.messages), endpoint, { world, stream: true });
  talk?.goOn(textOf(answer));
};

/** A case of which the messages are the point, or that no answer comes to; and logins, where the first message carries more. */
const ownMessages = (one: Case, { base }: Endpoint): boolean =>
  one.login !== undefined ||
  'messages' in one.body ||
  'messages' in (one.sent ?? {}) ||
  one.refused !== undefined ||
  !Array.isArray(base['messages']);

const withMessages = (one: Case, messages: readonly object[] | undefined): Case =>
  messages === undefined ? one : { ...one, body: { ...one.body, messages } };

/** The conversation that the cases of an endpoint go on with; begins anew where an answer was no plain text, and now and then. */
class Talk {
  readonly #question: readonly object[];
  messages: readonly object[];

  constructor(question: readonly object[]) {
    this.#question = question;
    this.messages = question;
  }

  goOn(said: string | undefined): void {
    const over = said === undefined || this.messages.length >= 40;
    this.messages = over ? this.#question : [...this.messages, { role: 'assistant', content: said }, ...this.#question];
  }
}

/** By endpoint and model: another model means another process. */
const talks = new WeakMap<World, Map<string, Talk>>();

const talkOf = ({ body }: Case, { path, base }: Endpoint, world: World): Talk => {
  const ofWorld = talks.get(world) ?? new Map<string, Talk>();
  talks.set(world, ofWorld);
  const key = `${path} ${String(body['model'])}`;
  const talk = ofWorld.get(key) ?? new Talk(base['messages'] as readonly object[]);
  ofWorld.set(key, talk);
  return talk;
};

/** The text of an answer that is nothing else. */
const textOf = (answer: string): string | undefined => {
  const {
    choices,
    content,
    message: ollama,
  } = JSON.parse(answer) as {
    message?: { content: string; thinking?: string; tool_calls?: unknown };
    choices?: { message?: { content: unknown; tool_calls?: unknown; function_call?: unknown } }[];
    content?: { type: string; text?: string }[];
  };
  const message = choices?.[0]?.message;
  if (typeof message?.content === 'string') return message.content;
  if (ollama !== undefined) return ollama.tool_calls === undefined ? ollama.content : undefined;
  return content?.length === 1 ? content[0]?.text : undefined;
};

const ask = async (
  one: Case,
  { path, base }: Endpoint,
  { world, stream }: { world: World; stream: boolean },
): Promise<string> => {
  const body: Record<string, unknown> = { ...base, ...one.body, stream };
  const response = await world.post(path, body, { ...(one.headers && { headers: { ...one.headers } }) });
  const answer = await response.text();
  if (one.refused !== undefined) {
    expectRefusal(one.refused, { status: response.status, answer, path });
    expect(world.arrived()).toHaveLength(0);
    return answer;
  }
  expect({ status: response.status, answer: response.status === 200 ? '' : answer }).toEqual({
    status: 200,
    answer: '',
  });
  if (stream) expect(answer).toMatch(endOf(path));
  expect(told(response, 'x-proxy-ignored')).toEqual([...(one.ignored ?? [])].toSorted());
  expect(told(response, 'x-proxy-emulated')).toEqual([...(one.emulated ?? [])].toSorted());
  const request = onlyRequest(world);
  const arrived = spelled(world, request);
  expect(arrived).toMatchObject(one.sent ?? {});
  for (const name of one.absent ?? []) expect(arrived).not.toHaveProperty(name);
  one.raw?.(request.body, request.headers);
  if (one.shows !== undefined && (stream || !('stream_options' in one.body))) expect(answer).toMatch(one.shows);
  if (one.hides !== undefined) expect(answer).not.toMatch(one.hides);
  return answer;
};

/** What a whole stream ends with. */
const endOf = (path: string): RegExp => {
  if (path.startsWith('/api/')) return /"done":true.*\n$/;
  return path.endsWith('messages') ? /message_stop/ : /data: \[DONE\]\s*$/;
};

/** The upstream's body for an ignored parameter is the one without it. */
const arrivedWithout = async (one: Case, { path, base }: Endpoint, world: World): Promise<object> => {
  const { [one.row]: _ignored, ...others } = one.body;
  const key = `${path} ${JSON.stringify(others)}`;
  const arrived = known.get(world) ?? new Map<string, object>();
  known.set(world, arrived);
  const before = arrived.get(key);
  if (before !== undefined) return before;
  world.upstream.clear();
  await (await world.post(path, { ...base, ...others })).text();
  const asked = comparable(world);
  arrived.set(key, asked);
  return asked;
};

/** What reached the upstream of a server without the parameter in question; most cases share one. */
const known = new WeakMap<World, Map<string, object>>();

/** `PROXY_STRICT=1`: a 400 that names one of the ignored fields, and nothing reaches the upstream. */
export const expectStrict = async (one: Case, { path, base }: Endpoint, world: World): Promise<void> => {
  const response = await world.post(
    path,
    { ...base, ...one.body },
    { ...(one.headers && { headers: { ...one.headers } }) },
  );
  const answer = await response.text();
  expect(world.arrived()).toHaveLength(0);
  expect(response.status).toBe(400);
  for (const name of one.ignored ?? []) expect(answer).toContain(`'${name}'`);
  if (path.endsWith('messages') || path.startsWith('/api/')) return;
  expect(JSON.parse(answer)).toMatchObject({
    error: {
      type: 'invalid_request_error',
      code: 'unsupported_parameter',
      param: expect.toBeOneOf([...(one.ignored ?? [])]),
    },
  });
};

const expectRefusal = (
  { status = 400, param, says }: NonNullable<Case['refused']>,
  seen: { status: number; answer: string; path: string },
): void => {
  expect(seen.status, seen.answer).toBe(status);
  const body = JSON.parse(seen.answer) as object;
  if (seen.path.startsWith('/api/')) expect(body).toEqual({ error: expect.any(String) });
  else if (seen.path.endsWith('messages'))
    expect(body).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.any(String) },
    });
  else expect(body).toMatchObject({ error: { param, message: expect.any(String), type: 'invalid_request_error' } });
  expect(seen.answer, 'the note of another fate').not.toContain('Passed on');
  expect(seen.answer).toMatch(says ?? new RegExp(param.replaceAll(/[.[\]]/g, String.raw`\$&`)));
};

const told = (response: Response, header: string): readonly string[] =>
  (response.headers.get(header) ?? '')
    .split(', ')
    .filter((name) => name !== '')
    .toSorted();

const onlyRequest = ({ upstream }: World): DemoRequest => {
  const [request, ...more] = upstream.messageRequests;
  expect(more, 'one request to the upstream').toEqual([]);
  if (request === undefined) throw new Error('nothing reached the upstream');
  return request;
};

/** Messages in one spelling, the caller's part of the system prompt as one text. */
const spelled = (world: World, { body }: DemoRequest): Record<string, unknown> => {
  const arrived = body as Arrived;
  return { ...arrived, messages: plain(arrived.messages), system: systemOf(world, arrived).join('\n\n') };
};

/** Of the conversation only what is asked: it may have gone on for longer. Claude Code's metadata names the process that asks. */
const comparable = (world: World): object => {
  const { metadata: _own, messages, ...rest } = spelled(world, onlyRequest(world));
  return { ...rest, asked: (messages as readonly object[]).at(-1) };
};
