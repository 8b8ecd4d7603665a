/** The spans of a real server, at a real OTLP receiver. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { until } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { directTo, endAfterEach, listening, logOf, newHome, post, start } from './spawned-server.ts';

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Span {
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

let upstream: DemoUpstream;
let collector: Server;
let received: Received[] = [];
let hangs = false;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
beforeEach(async () => {
  received = [];
  hangs = false;
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
      if (!hangs) response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
});
afterEach(() => {
  collector.closeAllConnections();
  collector.close();
});
endAfterEach();

const endpoint = () => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
const json = (more: Record<string, string> = {}) =>
  directTo(upstream, {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(),
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    ...more,
  });

interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

const exported = (): readonly Exported['resourceSpans'][number][] =>
  received.flatMap(({ body }) => (JSON.parse(body.toString()) as Exported).resourceSpans);
const spans = (): readonly Span[] => exported().flatMap(({ scopeSpans }) => scopeSpans.flatMap((each) => each.spans));
const plain = (attributes: Span['attributes'] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

it('each request is one span, below the trace of its caller', async () => {
  const server = start(
    json({
      OTEL_SERVICE_NAME: 'my-proxy',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue',
    }),
  );
  const url = await listening(server);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const answer = await post(url, chat({ stream: true }), { traceparent, tracestate: 'a=b', 'x-session-id': 's1' });
  await answer.text();
  await (await post(url, { model: 'gpt-4o', messages: 'x' })).text();
  await (await fetch(`${url}/health`)).text();
  await (await fetch(`${url}/v1/models`)).text();
  await until(() => spans().length === 3);
  const [turn, refused, models] = spans();
  expect(turn).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentSpanId: 'b7ad6b7169203331',
    name: 'chat gpt-4o',
    kind: 2,
  });
  expect(plain(turn?.attributes)).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.request.stream': true,
    'gen_ai.response.model': expect.stringContaining('claude-'),
    'gen_ai.usage.output_tokens': expect.any(Number),
    'gen_ai.conversation.id': 's1',
    'proxy.request.id': answer.headers.get('x-request-id'),
    'proxy.strategy': 'direct',
    'http.response.status_code': 200,
  });
  expect(BigInt(turn?.endTimeUnixNano ?? 0) >= BigInt(turn?.startTimeUnixNano ?? 1)).toBe(true);
  // A wrong request is no failure of the server, and belongs to no trace.
  expect(plain(refused?.attributes)).toMatchObject({ 'error.type': 'invalid_request' });
  expect([refused?.status.code ?? 0, refused?.parentSpanId ?? '']).toEqual([0, '']);
  expect(models?.name).toBe('GET /v1/models');
  expect(plain(exported()[0]?.resource.attributes)).toMatchObject({
    'service.name': 'my-proxy',
    'deployment.environment.name': 'test',
  });
  expect(received[0]).toMatchObject({ url: '/v1/traces', headers: { 'x-team': 'blue' } });
  expect(logOf(server)).toContainEqual(expect.objectContaining({ traceId: '0af7651916cd43dd8448eb211c80319c' }));
});

it('a caller that samples its trace away has no spans', async () => {
  const server = start(json());
  const url = await listening(server);
  await (await post(url, chat(), { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' })).text();
  await (await post(url, chat({ model: 'second' }))).text();
  server.child.kill('SIGTERM');
  await server.exit;
  expect(spans().map(({ name }) => name)).toEqual(['chat second']);
});

it('what waits is sent at the end, as protobuf unless set otherwise', async () => {
  const more = { OTEL_EXPORTER_OTLP_PROTOCOL: '', OTEL_BSP_SCHEDULE_DELAY: '600000' };
  const server = start(json(more));
  const url = await listening(server);
  await (await post(url, chat())).text();
  expect(received).toEqual([]);
  server.child.kill('SIGTERM');
  expect((await server.exit)[0]).toBe(0);
  expect(received.map(({ headers }) => headers['content-type'])).toEqual(['application/x-protobuf']);
  expect(received[0]?.body.includes('chat gpt-4o')).toBe(true);
});

it.each([
  ['is not there', 'http://127.0.0.1:1'],
  ['does not answer', ''],
])('a collector that %s holds up neither requests nor the end, and the log says so', async (_name, address) => {
  hangs = true;
  const server = start(
    json({
      OTEL_EXPORTER_OTLP_ENDPOINT: address || endpoint(),
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20SECRET-HEADER',
      LOG_LEVEL: 'trace',
    }),
  );
  const url = await listening(server);
  for (const _ of [1, 2, 3]) expect((await post(url, chat())).status).toBe(200);
  await until(() => server.output.out.includes('spans could not be sent'));
  expect((await post(url, chat())).status).toBe(200);
  server.child.kill('SIGTERM');
  expect((await server.exit)[0]).toBe(0);
  expect(server.output.out + server.output.err).not.toContain('SECRET-HEADER');
});

it('settings of a file count as well', async () => {
  const home = newHome();
  const settings = json({ OTEL_SERVICE_NAME: 'from-a-file', OTEL_RESOURCE_ATTRIBUTES: 'team=blue' });
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(join(home, '.env'), lines.join('\n'), { mode: 0o600 });
  const server = start({}, { home });
  await (await post(await listening(server), chat())).text();
  await until(() => spans().length === 1);
  expect(plain(exported()[0]?.resource.attributes)).toMatchObject({ 'service.name': 'from-a-file', team: 'blue' });
});

it('an address that is none is named at the start', async () => {
  const server = start(directTo(upstream, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }));
  expect((await server.exit)[0]).toBe(1);
  expect(server.output.err).toContain('OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https address.');
});
