/** `node ask-registry.js FILE REGISTRY`: writes the newest version into the file, and ends within some seconds. */
import { existsSync } from 'node:fs';
import { readUpgradeState, writeUpgradeState } from './upgrade-state.ts';

const WITHIN_MS = 5_000;

const [file = '', registry = ''] = process.argv.slice(2);
// Resolving a name cannot be broken off otherwise.
setTimeout(() => process.exit(1), WITHIN_MS).unref();
const response = await fetch(`${registry.replace(/\/+$/u, '')}/opencode-claude-proxy/latest`, {
  signal: AbortSignal.timeout(WITHIN_MS),
});
const { version } = (await response.json()) as { version?: unknown };
// The directory may be gone with the command that asked.
if (typeof version === 'string' && /^[\w.+-]{5,64}$/u.test(version) && existsSync(file))
  writeUpgradeState(file, { ...readUpgradeState(file), latest: version });
