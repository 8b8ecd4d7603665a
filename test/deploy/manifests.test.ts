/** What the manifests say of each other, of the server's settings and of its routes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import about from '../../package.json' with { type: 'json' };
import { createRouteTable } from '../../src/http/routes.ts';
import { serverSettings } from '../../src/settings/server-settings.ts';
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

const CHART = 'deploy/helm/opencode-claude-proxy';

describe('the Helm chart', () => {
  it('is of this version, and has the hash proxy that the tests run', () => {
    expect(parse(text(`${CHART}/Chart.yaml`))).toMatchObject({ version: about.version, appVersion: about.version });
    expect(text(`${CHART}/files/haproxy.cfg`)).toBe(text('deploy/hash-proxy/haproxy.cfg'));
  });

  it('keeps secrets out of its settings, and what it decides itself', () => {
    const schema = JSON.parse(text(`${CHART}/values.schema.json`)) as {
      properties: { settings: { propertyNames: { not: { enum: string[] } } } };
    };
    const refused = schema.properties.settings.propertyNames.not.enum;
    expect(refused).toEqual(expect.arrayContaining(['PROXY_API_KEY', 'DATABASE_URL', 'PROXY_ENCRYPTION_KEY']));
    const logins = ['CLAUDE_CODE_OAUTH_TOKEN', 'CLAUDE_OAUTH_CREDS', 'ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'];
    expect(refused.filter((name) => !(name in serverSettings) && !logins.includes(name))).toEqual([]);
  });
});

/** Each path that a platform asks for, with the file that says so. */
const probes = [
  ...[...text(`${CHART}/templates/statefulset.yaml`).matchAll(/httpGet: \{ path: ([^,]+),/gu)].map(([, path]) => [
    'chart',
    path,
  ]),
  ['chart', /^\s+path: (\/metrics)$/mu.exec(text(`${CHART}/templates/service-monitor.yaml`))?.[1]],
  ['fly', /^path = "(.*)"$/mu.exec(text('deploy/fly.toml'))?.[1]],
  [
    'railway',
    (JSON.parse(text('deploy/railway.json')) as { deploy: { healthcheckPath: string } }).deploy.healthcheckPath,
  ],
  [
    'render',
    (parse(text('deploy/render.yaml')) as { services: { healthCheckPath: string }[] }).services[0]?.healthCheckPath,
  ],
];

it.each(probes)('%s asks for %s, which the server answers', (_, path) => {
  const own = createRouteTable([]).filter(({ method }) => method === 'GET');
  expect(own.map((route) => route.path)).toContain(path);
  expect(probes).toHaveLength(7);
});

describe('Railway and Render', () => {
  interface Variable {
    readonly key: string;
    readonly value?: string;
    readonly sync?: boolean;
    readonly generateValue?: boolean;
  }
  const [service] = (
    parse(text('deploy/render.yaml')) as { services: { maxShutdownDelaySeconds: number; envVars: Variable[] }[] }
  ).services;

  it('Render sets settings that exist, holds no secret, and waits for the drain', () => {
    const variables = new Map(service?.envVars.map((variable) => [variable.key, variable]));
    expect([...variables.keys()].filter((name) => !(name in serverSettings))).toEqual(['CLAUDE_CODE_OAUTH_TOKEN']);
    expect(variables.get('PROXY_API_KEY')?.generateValue).toBe(true);
    expect(variables.get('CLAUDE_CODE_OAUTH_TOKEN')).toEqual({ key: 'CLAUDE_CODE_OAUTH_TOKEN', sync: false });
    const drainMs = Number(variables.get('DRAIN_TIMEOUT_MS')?.value);
    expect((service?.maxShutdownDelaySeconds ?? 0) * 1000).toBeGreaterThan(drainMs);
  });

  it('Railway waits for the drain that its guide sets', () => {
    const { deploy } = JSON.parse(text('deploy/railway.json')) as { deploy: { drainingSeconds: number } };
    const drainMs = Number(/\*\*Railway\*\*[^\n]*`DRAIN_TIMEOUT_MS=(\d+)`/u.exec(text('docs/DEPLOYMENT.md'))?.[1]);
    expect(deploy.drainingSeconds * 1000).toBeGreaterThan(drainMs);
  });
});
