/** The real wrangler builds with the real podman, through the script that npm run deploy points it at; and what is pushed is what wrangler then names. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const builder = join(root, 'src/deploy/podman.sh');

let dir: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podman-'));
  await mkdir(join(dir, 'context'));
  await writeFile(
    join(dir, 'context/Dockerfile'),
    'FROM scratch\nARG NAME\nCOPY file /file\nLABEL name="${NAME}"\nHEALTHCHECK CMD ["/file"]\n',
  );
  await writeFile(join(dir, 'context/file'), 'text that is long enough to be compressed '.repeat(100));
  await writeFile(
    join(dir, 'podman'),
    `#!/bin/sh\n[ "$1" = push ] && shift && exec ${root}/scripts/image/podman.sh push --tls-verify=false "$@"\nexec ${root}/scripts/image/podman.sh "$@"\n`,
  );
  await chmod(join(dir, 'podman'), 0o755);
  env = {
    ...process.env,
    PODMAN: join(dir, 'podman'),
    WRANGLER_DOCKER_BIN: builder,
    XDG_CACHE_HOME: dir,
    XDG_CONFIG_HOME: dir,
    WRANGLER_SEND_METRICS: 'false',
  };
});
afterEach(() => rm(dir, { recursive: true }));
const run = async (program: string, ...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(program, args, { env, cwd: dir })).stdout.trim();

it('wrangler deploy --dry-run builds the image', async () => {
  const name = `podman-test-${process.pid}`;
  await writeFile(
    join(dir, 'worker.js'),
    "import { DurableObject } from 'cloudflare:workers';\nexport class Box extends DurableObject {}\nexport default {};\n",
  );
  await writeFile(
    join(dir, 'wrangler.json'),
    JSON.stringify({
      name,
      main: 'worker.js',
      compatibility_date: '2026-10-22',
      containers: [{ class_name: 'Box', image: './context/Dockerfile', image_vars: { NAME: 'a name' } }],
      durable_objects: { bindings: [{ name: 'BOX', class_name: 'Box' }] },
      migrations: [{ tag: 'v1', new_sqlite_classes: ['Box'] }],
    }),
  );
  const output = await run(join(root, 'node_modules/.bin/wrangler'), 'deploy', '--dry-run');
  // wrangler removes it again after a dry run.
  expect(output).toMatch(new RegExp(`Successfully tagged localhost/${name}-box:`));
  expect(output).toContain('COPY file /file');
});

it('names a pushed image by the digest that the registry has', async () => {
  const registry = await startRegistry();
  const image = `127.0.0.1:${registry.port}/account/name:tag`;
  try {
    await promisify(execFile)(
      'sh',
      [
        '-c',
        `'${builder}' build --load -t built:one --platform linux/amd64 --provenance=false --build-arg 'NAME=a name' -f - context < context/Dockerfile`,
      ],
      { env, cwd: dir },
    );
    const inspected = JSON.parse(await run(builder, 'image', 'inspect', 'built:one')) as readonly object[];
    expect(inspected).toMatchObject([
      { Labels: { name: 'a name' }, Os: 'linux', Architecture: 'amd64', Healthcheck: { Test: ['CMD', '/file'] } },
    ]);
    await run(builder, 'tag', 'built:one', image);
    expect(
      JSON.parse(await run(builder, 'image', 'inspect', 'built:one', '--format', '{{ json .RepoDigests }}')),
    ).toEqual([]);
    await run(builder, 'push', image);
    expect(registry.manifests.size).toBe(1);
    const [digest] = registry.manifests;
    expect(JSON.parse(await run(builder, 'image', 'inspect', image, '--format', '{{ json .RepoDigests }}'))).toEqual([
      `127.0.0.1:${registry.port}/account/name@${digest}`,
    ]);
    // Why the script remembers it: by itself podman names another one.
    expect(
      await run(join(dir, 'podman'), 'image', 'inspect', image, '--format', '{{ json .RepoDigests }}'),
    ).not.toContain(digest);
    const [size, layers] = (
      await run(builder, 'image', 'inspect', image, '--format', '{{ .Size }} {{ len .RootFS.Layers }}')
    ).split(' ');
    expect([Number(size) > 0, layers]).toEqual([true, '1']);
  } finally {
    registry.server.close();
    await run(builder, 'image', 'rm', 'built:one', image);
  }
});

interface Registry {
  readonly server: Server;
  readonly port: number;
  /** Their digests. */
  readonly manifests: ReadonlySet<string>;
}

/** As much of a registry as a push needs. https://distribution.github.io/distribution/spec/api/ */
const startRegistry = async (): Promise<Registry> => {
  const [manifests, blobs, uploads] = [new Set<string>(), new Map<string, number>(), new Map<string, Buffer>()];
  const answer = async (
    request: IncomingMessage,
  ): Promise<[status: number, headers?: Record<string, string | number>]> => {
    const url = new URL(request.url ?? '/', 'http://registry');
    const name = url.pathname.split('/').at(-1) ?? '';
    const body = await buffer(request);
    if (request.method === 'HEAD') {
      const bytes = blobs.get(name);
      return bytes === undefined ? [404] : [200, { 'content-length': bytes, 'docker-content-digest': name }];
    }
    if (request.method === 'POST')
      return [202, { location: `/v2/account/name/blobs/uploads/upload-${uploads.size}-${blobs.size}` }];
    if (request.method === 'GET') return url.pathname === '/v2/' ? [200] : [404];
    if (url.pathname.includes('/manifests/')) {
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      manifests.add(digest);
      return [201, { 'docker-content-digest': digest }];
    }
    const whole = Buffer.concat([uploads.get(name) ?? Buffer.alloc(0), body]);
    uploads.set(name, whole);
    if (request.method === 'PATCH') return [202, { location: url.pathname, range: `0-${whole.length - 1}` }];
    blobs.set(url.searchParams.get('digest') ?? '', whole.length);
    return [201];
  };
  const server = createServer((request, response) => {
    answer(request).then(
      ([status, headers]) => response.writeHead(status, headers).end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, manifests };
};
