/** The Grafana dashboard asks for series and labels that the server has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/observe/metrics.ts';
import { root } from './lab.ts';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
const dashboard = JSON.parse(readFileSync(join(root, 'deploy/grafana/dashboard.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
};
const targets = dashboard.panels.flatMap(({ title, targets: of = [] }) => of.map((target) => ({ title, ...target })));
const NAME = /\bproxy_[a-z_]+/gu;

/** The server's metrics by name, from its own text: `# TYPE name kind`. */
let kinds: Map<string, string>;
let text: string;
beforeAll(async () => {
  const metrics = createMetrics({
    slots: () => ({ held: 1, queued: 2 }),
    engine: () => ({ ok: true, gauges: { processes: 1 } }),
    windows: () => Promise.resolve({ five_hour: 0.5 }),
    keyLimits: () => Promise.resolve([{ key: 'team', limit: 'usdPerDay', used: 0.5 }]),
    recorder: () => ({ waiting: 0, lost: 0 }),
  });
  ({ text } = await metrics.render());
  kinds = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gmu)].map(([, name = '', kind = '']) => [name, kind]));
});

describe('the Grafana dashboard', () => {
  it('has panels with numbers of their own, each with a question', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type, title, targets: of } of dashboard.panels)
      expect([title, of?.length ?? 0], title).toEqual([title, type === 'row' ? 0 : expect.any(Number)]);
    expect(targets.length).toBeGreaterThan(15);
  });

  it.each(targets)('$title asks for what exists: $expr', ({ expr }) => {
    const names = expr.match(NAME) ?? [];
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const metric = name.replace(/_bucket$/u, '');
      expect(kinds.get(metric), name).toBe(
        name === metric ? (name.endsWith('_total') ? 'counter' : 'gauge') : 'histogram',
      );
    }
  });

  it('shows every metric', () => {
    const asked = new Set(
      targets.flatMap(({ expr }) => expr.match(NAME) ?? []).map((name) => name.replace(/_bucket$/u, '')),
    );
    expect([...kinds.keys()].filter((name) => !asked.has(name))).toEqual([]);
  });

  it('names states that the server sets', () => {
    for (const [, name = '', state = ''] of targets
      .map(({ expr }) => expr)
      .join('\n')
      .matchAll(/(proxy_up|proxy_requests)\{[^}]*state="([a-z]+)"/gu))
      expect(text).toContain(`${name}{state="${state}"}`);
  });
});
