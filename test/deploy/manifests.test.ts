/** What the manifests for Compose and Kubernetes say of each other and of the server's settings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import about from '../../package.json' with { type: 'json' };
import { root } from './lab.ts';

const text = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Probe {
  readonly httpGet?: { readonly path: string };
}
interface Container {
  readonly image: string;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector?: { readonly matchLabels?: object };
    readonly template?: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds?: number;
        readonly topologySpreadConstraints?: readonly unknown[];
        readonly containers: readonly Container[];
      };
    };
  };
}
const kubernetes = ['proxy', 'hash-proxy'].flatMap((name) =>
  parseAllDocuments(text(`deploy/kubernetes/${name}.yaml`)).map((document) => document.toJS() as Manifest),
);
const workloads = kubernetes.flatMap(({ metadata, spec: { template } }) =>
  template === undefined ? [] : [{ name: metadata.name, template }],
);

describe('Kubernetes', () => {
  it('runs a version of the image, never latest', () => {
    const { images } = parse(text('deploy/kustomization.yaml')) as { images: { name: string; newTag: string }[] };
    expect(images).toMatchObject([{ name: 'opencode-claude-proxy', newTag: about.version }]);
    expect(workloads.map(({ template }) => template.spec.containers[0]?.image).join()).not.toContain('latest');
  });

  it.each(workloads)(
    '$name is spread over nodes, disrupted one by one, and probed from its start',
    ({ name, template }) => {
      const [container] = template.spec.containers;
      expect(template.spec.topologySpreadConstraints).toHaveLength(1);
      expect(container?.startupProbe && container.livenessProbe && container.readinessProbe).toBeTruthy();
      const budget = kubernetes.find(({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === name);
      expect(budget?.spec.selector?.matchLabels).toEqual(template.metadata.labels);
    },
  );

  it('asks the server whether it lives and whether it is ready, and gives answers the time to end', () => {
    const { template } = workloads.find(({ name }) => name === 'proxy-server') ?? {};
    const [container] = template?.spec.containers ?? [];
    expect(container?.startupProbe?.httpGet?.path).toBe('/live');
    expect(container?.livenessProbe?.httpGet?.path).toBe('/live');
    expect(container?.readinessProbe?.httpGet?.path).toBe('/ready');
    const drainMs = Number(container?.env?.find(({ name }) => name === 'DRAIN_TIMEOUT_MS')?.value);
    expect((template?.spec.terminationGracePeriodSeconds ?? 0) * 1000).toBeGreaterThan(drainMs);
  });

  it('lets only the hash proxy reach the servers', () => {
    expect(kubernetes.find(({ kind }) => kind === 'NetworkPolicy')?.spec).toMatchObject({
      podSelector: { matchLabels: { app: 'proxy-server' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'hash-proxy' } } }] }],
    });
  });
});

describe('Compose', () => {
  const { services } = parse(text('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { env_file?: string; environment: Record<string, string>; stop_grace_period?: string }>;
  };

  it.each(['proxy', 'replica'])('hands every setting of .env to %s, but for those of the container itself', (name) => {
    const { env_file: file, environment } = services[name] ?? { environment: {} };
    expect(file).toBe('.env');
    const own = ['PROXY_API_KEY', 'HOST', 'PORT', 'STATE_DIR', 'DRAIN_TIMEOUT_MS'];
    const added = name === 'replica' ? ['CLAUDE_OAUTH_CREDS', 'TRUSTED_PROXIES'] : [];
    expect(Object.keys(environment).toSorted()).toEqual([...own, ...added].toSorted());
  });
});

it('no proxy gives up before a turn may take', () => {
  const TURN_MINUTES = 15;
  const haproxy = [...text('deploy/hash-proxy/haproxy.cfg').matchAll(/timeout (?:client|server) (\d+)m/g)];
  const nginx = [...text('deploy/hash-proxy/nginx.conf').matchAll(/proxy_read_timeout (\d+)m/g)];
  expect([haproxy.length, nginx.length]).toEqual([2, 1]);
  for (const [, minutes] of [...haproxy, ...nginx]) expect(Number(minutes)).toBeGreaterThan(TURN_MINUTES);
});
