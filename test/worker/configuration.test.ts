/** What wrangler.jsonc and the settings say of each other. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { parseConfig } from '../../src/node/config.ts';
import { root } from './lab.ts';

const config = unstable_readConfig({ config: join(root, 'wrangler.jsonc') }, { hideWarnings: true });
const server = parseConfig({ PROXY_API_KEY: 'k' });

it('new code reaches a Durable Object later than its longest answer ends', () => {
  const { mode, max_delay: seconds = 0 } = config.durable_objects.code_update_strategy ?? {};
  if (!server.ok) throw new Error(server.problems.join());
  expect(mode).toBe('deferred');
  expect(seconds * 1000).toBeGreaterThan(server.config.TURN_TIMEOUT_MS);
});

it('instances that are being replaced have room beside all that replace them', () => {
  const [container] = config.containers ?? [];
  expect(container?.max_instances).toBeGreaterThanOrEqual(2 * Number(config.vars['INSTANCES']));
});
