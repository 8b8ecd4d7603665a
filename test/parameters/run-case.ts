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
 * Not streamed, then streamed. Where the case leaves the messages alone, the second request goes on with the
 * conversation of the first: Claude Code then needs no new process, and must have kept or changed every setting.
 */
export const runCase = async (one: Case, endpoint: Endpoint, world: World): Promise<void> => {
  world.upstream.clear();
  const answer = await ask(one, endpoint, { world, stream: false });
  if (fateShown(one) === 'ignored' && one.row in one.body && one.sent === undefined && one.absent === undefined) {
    expect(withoutOwn(spelled(world, onlyRequest(world))), 'as if it were not there').toEqual(await arrivedWithout(one, endpoint, world));
  }
  world.upstream.clear();
  const said = 'messages' in one.body || one.refused !== undefined ? undefined : textOf(answer);
  const messages = endpoint.base['messages'];
  const longer = said === undefined || !Array.isArray(messages) ? {} : { messages: [...messages, { role: 'assistant', content: said }, ...messages] };
  await ask({ ...one, body: { ...one.body, ...longer } }, endpoint, { world, stream: true });
};

/** The text of an answer that is nothing else. */
const textOf = (answer: string): string | undefined => {
  const { choices, content } = JSON.parse(answer) as { choices?: { message?: { content: unknown; tool_calls?: unknown; function_call?: unknown } }[]; content?: { type: string; text?: string }[] };
  const message = choices?.[0]?.message;
  if (typeof message?.content === 'string') return message.content;
  return content?.length === 1 ? content[0]?.text : undefined;
};

const ask = async (one: Case, { path, base }: Endpoint, { world, stream }: { world: World; stream: boolean }): Promise<string> => {
  const body: Record<string, unknown> = { ...base, ...one.body, stream };
  const response = await world.post(path, body);
  const answer = await response.text();
  if (one.refused !== undefined) {
    expectRefusal(one.refused, { status: response.status, answer, anthropic: path.endsWith('messages') });
    expect(world.arrived()).toHaveLength(0);
    return answer;
  }
  expect({ status: response.status, answer: response.status === 200 ? '' : answer }).toEqual({ status: 200, answer: '' });
  if (stream) expect(answer).toMatch(path.endsWith('messages') ? /message_stop/ : /data: \[DONE\]\s*$/);
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
  const asked = withoutOwn(spelled(world, onlyRequest(world)));
  arrived.set(key, asked);
  return asked;
};

/** What reached the upstream of a server without the parameter in question; most cases share one. */
const known = new WeakMap<World, Map<string, object>>();

/** `PROXY_STRICT=1`: a 400 that names one of the ignored fields, and nothing reaches the upstream. */
export const expectStrict = async (one: Case, { path, base }: Endpoint, world: World): Promise<void> => {
  const response = await world.post(path, { ...base, ...one.body });
  const answer = await response.text();
  expect(world.arrived()).toHaveLength(0);
  expect(response.status).toBe(400);
  for (const name of one.ignored ?? []) expect(answer).toContain(`'${name}'`);
  if (path.endsWith('messages')) return;
  expect(JSON.parse(answer)).toMatchObject({ error: { type: 'invalid_request_error', code: 'unsupported_parameter', param: expect.toBeOneOf([...(one.ignored ?? [])]) } });
};

const expectRefusal = ({ status = 400, param, says }: NonNullable<Case['refused']>, seen: { status: number; answer: string; anthropic: boolean }): void => {
  expect(seen.status, seen.answer).toBe(status);
  const body = JSON.parse(seen.answer) as object;
  if (seen.anthropic) expect(body).toMatchObject({ type: 'error', error: { type: 'invalid_request_error', message: expect.any(String) } });
  else expect(body).toMatchObject({ error: { param, message: expect.any(String), type: 'invalid_request_error' } });
  expect(seen.answer).toMatch(says ?? new RegExp(param.replaceAll(/[.[\]]/g, String.raw`\$&`)));
};

const told = (response: Response, header: string): readonly string[] =>
  (response.headers.get(header) ?? '').split(', ').filter((name) => name !== '').toSorted();

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

/** Claude Code's metadata names the process that asks. */
const withoutOwn = (body: Record<string, unknown> | undefined): object => {
  const { metadata: _own, ...rest } = body ?? {};
  return rest;
};
