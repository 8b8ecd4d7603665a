/** The real image in podman: by itself, and behind the Worker in real workerd. .ci/image builds it and starts this. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDockerSocket } from '../../scripts/image/docker-socket.ts';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { chatSuite } from '../conformance/chat.ts';
import { messagesSuite } from '../conformance/messages.ts';
import { forgetRequests, serviceAt, type Service } from '../conformance/set-up.ts';
import { eventually, KEY, root, serverImage, startLab, type Lab } from '../worker/lab.ts';
import { freePort } from '../../scripts/container-engine/app.ts';
import { readUntil } from '../fixtures/read-until.ts';

const PODMAN = join(root, 'scripts/image/podman.sh');
const IMAGE = process.env['PROXY_IMAGE'] ?? '';
const SIDECAR = process.env['SIDECAR_IMAGE'] ?? '';
const podman = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(PODMAN, args)).stdout.trim();
const figures: Record<string, number | string> = {};

let upstream: DemoUpstream;
let bridge: ReturnType<typeof createServer>;
let upstreamUrl: string;
beforeAll(async () => {
  upstream = await startDemoUpstream();
  const { port, hostname } = new URL(upstream.url);
  // Containers reach this machine by their network's gateway; the demo upstream listens on loopback only.
  bridge = createServer((socket) => {
    const inside = connect(Number(port), hostname);
    socket.on('error', () => inside.destroy()).on('close', () => inside.destroy());
    inside.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.pipe(inside).pipe(socket);
  });
  bridge.listen(0, '0.0.0.0');
  await once(bridge, 'listening');
  const gateway = await podman('network', 'inspect', 'podman', '--format', '{{(index .Subnets 0).Gateway}}');
  upstreamUrl = `http://${gateway}:${(bridge.address() as AddressInfo).port}`;
});
afterAll(async () => {
  bridge.close();
  await upstream.close();
  console.log(`image: ${JSON.stringify(figures)}`);
});

/** The conformance suites of both APIs, as they run on the server itself. */
const conformance = (base: () => string): void => {
  const service = (): Service => serviceAt(base(), { engineName: 'claude-code', upstream, apiKey: KEY });
  for (const [name, suite] of [
    ['Chat Completions through the OpenAI SDK', chatSuite],
    ['Messages through the Anthropic SDK', messagesSuite],
  ] as const)
    describe(name, () => {
      beforeEach(() => forgetRequests(service()));
      suite(service);
    });
};

describe('the image by itself', () => {
  const name = `proxy-image-test-${process.pid}`;
  let url: string;
  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const since = performance.now();
    await podman(
      'run',
      '-d',
      '--name',
      name,
      '-p',
      `127.0.0.1:${port}:8080`,
      '--read-only',
      '--tmpfs',
      '/tmp',
      '-v',
      `${name}:/state`,
      '--cap-drop=all',
      '--security-opt',
      'no-new-privileges',
      '-e',
      `PROXY_API_KEY=${KEY}`,
      '-e',
      'ANTHROPIC_API_KEY=demo',
      '-e',
      `ANTHROPIC_BASE_URL=${upstreamUrl}`,
      IMAGE,
    );
    await eventually(
      () =>
        fetch(`${url}/ping`).then(
          (answer) => answer.ok,
          () => false,
        ),
      60_000,
    );
    figures['startMs'] = Math.round(performance.now() - since);
    figures['megabytes'] = Math.round(Number(await podman('image', 'inspect', IMAGE, '--format', '{{.Size}}')) / 1e6);
  });
  afterAll(async () => {
    await podman('rm', '-f', '-v', name);
    await podman('volume', 'rm', '-f', name);
  });

  it('is healthy by its own check before anybody has asked it for an answer', async () => {
    await eventually(
      () =>
        podman('healthcheck', 'run', name).then(
          () => true,
          () => false,
        ),
      60_000,
    );
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  });

  conformance(() => url);

  it('is small: most of it is the program of Claude Code', () => {
    expect(figures['megabytes']).toBeGreaterThan(0);
    expect(figures['megabytes']).toBeLessThan(900);
  });

  it('has the pages of the dashboard with their files', async () => {
    const html = await (await fetch(`${url}/dashboard`)).text();
    const files = [...html.matchAll(/(?:href|src)="(\/dashboard\/assets\/[^"]+)"/gu)].map(([, path]) => path);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const path of files) expect((await fetch(`${url}${path}`)).status, path).toBe(200);
  });

  it('is not root, cannot write to its root, and says how it is', async () => {
    expect(await podman('exec', name, 'id', '-u')).toBe('10001');
    await expect(podman('exec', name, 'touch', '/app/x')).rejects.toThrow('Read-only file system');
    expect(await (await fetch(`${url}/health`, { headers: { authorization: `Bearer ${KEY}` } })).json()).toMatchObject({
      status: 'ok',
      engine: 'claude-code',
      login: 'ANTHROPIC_API_KEY',
    });
    expect(await podman('history', '--no-trunc', '--format', '{{.CreatedBy}}', IMAGE)).not.toMatch(/sk-ant|OAUTH/);
  });

  it('lets a running answer finish when it is told to end, and ends with 0', async () => {
    const answer = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'haiku',
        max_tokens: 100,
        stream: true,
        messages: [{ role: 'user', content: '[[text:one two three four]][[slow:500]][[chunk:1]]' }],
      }),
    });
    const [text] = await Promise.all([answer.text(), podman('kill', '--signal', 'TERM', name)]);
    expect(text).toContain('message_stop');
    expect(await podman('wait', name)).toBe('0');
  });

  it('ends within the default time of a stop, and an answer that takes longer with an error', async () => {
    await podman('start', name);
    await eventually(
      () =>
        fetch(`${url}/ready`).then(
          (answer) => answer.ok,
          () => false,
        ),
      60_000,
    );
    const answer = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'haiku',
        max_tokens: 100,
        stream: true,
        messages: [{ role: 'user', content: '[[hang:1]]' }],
      }),
    });
    const [text] = await Promise.all([answer.text(), podman('stop', name)]);
    expect(text).toMatch(/event: error\ndata: .*shutting down/);
    expect(await podman('inspect', name, '--format', '{{.State.ExitCode}}')).toBe('0');
  });
});

describe('the image behind the Worker', () => {
  let dir: string;
  let service: ChildProcess;
  let socket: Server;
  let lab: Lab;
  const containers = async (): Promise<readonly string[]> =>
    (await podman('ps', '--filter', `ancestor=${IMAGE}`, '--format', '{{.Names}}'))
      .split('\n')
      .filter((line) => line !== '');
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'proxy-image-'));
    service = spawn(PODMAN, ['system', 'service', '--time=0', `unix://${dir}/podman.sock`], { stdio: 'ignore' });
    await eventually(() => existsSync(join(dir, 'podman.sock')));
    socket = await startDockerSocket(join(dir, 'docker.sock'), join(dir, 'podman.sock'));
    const vars = { ANTHROPIC_API_KEY: 'demo', ANTHROPIC_BASE_URL: upstreamUrl, SLEEP_AFTER_S: '3' };
    lab = await startLab({
      vars,
      image: serverImage(),
      other: { socketPath: join(dir, 'docker.sock'), imageName: IMAGE, sidecar: SIDECAR },
    });
  });
  afterAll(async () => {
    await lab.close();
    // workerd leaves its containers behind when it ends; the proxy goes with all that use its network.
    for (const proxy of (await podman('ps', '-aq', '--filter', `ancestor=${SIDECAR}`))
      .split('\n')
      .filter((id) => id !== ''))
      await podman('rm', '-f', '--depend', proxy);
    socket.close();
    service.kill();
    await rm(dir, { recursive: true, force: true });
  });

  it('starts, and answers', async () => {
    const since = performance.now();
    const answer = await lab.call('/v1/messages', {
      body: { model: 'haiku', max_tokens: 10, messages: [{ role: 'user', content: '[[text:Awake]]' }] },
    });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Awake')]);
    figures['coldAnswerThroughWorkerMs'] = Math.round(performance.now() - since);
  });

  conformance(() => lab.url.replace(/\/$/, ''));

  it('has no secret in the environment of its container', async () => {
    const [name] = await containers();
    const environment = await podman('inspect', name ?? '', '--format', '{{json .Config.Env}}');
    expect(environment).toContain('BOOTSTRAP_KEY=');
    expect(environment).not.toMatch(/ANTHROPIC_API_KEY|PROXY_API_KEY/);
  });

  it('sleeps, and wakes', async () => {
    await eventually(async () => (await containers()).length === 0, 60_000);
    const since = performance.now();
    expect(
      (
        await lab.call('/v1/messages', {
          body: { model: 'haiku', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] },
        })
      ).status,
    ).toBe(200);
    figures['wakeThroughWorkerMs'] = Math.round(performance.now() - since);
  });

  it('is killed in mid-stream: the error, and then a new one', async () => {
    const body = {
      model: 'haiku',
      max_tokens: 100,
      stream: true,
      messages: [{ role: 'user', content: '[[text:one two three four five six]][[slow:500]][[chunk:1]]' }],
    };
    const answer = await lab.call('/v1/messages', { body });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = await readUntil(reader, 'one');
    const [name] = await containers();
    execFileSync(PODMAN, ['kill', '--signal', 'KILL', name ?? '']);
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    expect(text).toMatch(/event: error\ndata: \{"type":"error",.*\}\n\n$/);
    expect(
      (
        await lab.call('/v1/messages', {
          body: { ...body, stream: false, messages: [{ role: 'user', content: 'Hello' }] },
        })
      ).status,
    ).toBe(200);
  });
});
