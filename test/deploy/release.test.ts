/** What a release writes into files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import about from '../../package.json' with { type: 'json' };
import { withRepository, withVersion } from '../../scripts/release/texts.ts';
import { root } from './lab.ts';

const text = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the next version', () => {
  it('gets into the kustomization and the chart, and nothing else changes', () => {
    const kustomization = text('deploy/kustomization.yaml');
    const next = withVersion(kustomization, 'kustomization', '3.2.1');
    expect(parse(next)).toMatchObject({ images: [{ newTag: '3.2.1' }] });
    expect(withVersion(next, 'kustomization', about.version)).toBe(kustomization);

    const chart = text('deploy/helm/opencode-claude-proxy/Chart.yaml');
    const nextChart = withVersion(chart, 'chart', '3.2.1');
    expect(parse(nextChart)).toMatchObject({ apiVersion: 'v2', version: '3.2.1', appVersion: '3.2.1' });
    expect(withVersion(nextChart, 'chart', about.version)).toBe(chart);
  });

  it('is an error where no version stands', () => {
    expect(() => withVersion('images: []', 'kustomization', '3.2.1')).toThrow('No version');
  });
});

describe('the published package', () => {
  it('names the repository that the workflow runs in, and keeps the rest', () => {
    const published = JSON.parse(
      withRepository(text('package.json'), { GITHUB_REPOSITORY: 'somebody/fork' }),
    ) as unknown;
    expect(published).toMatchObject({
      ...about,
      repository: { type: 'git', url: 'git+https://github.com/somebody/fork.git' },
    });
  });

  it.each([undefined, '', 'name', 'a/b/c'])('is not published from %j', (name) => {
    expect(() => withRepository('{}', { GITHUB_REPOSITORY: name })).toThrow('GITHUB_REPOSITORY');
  });
});
