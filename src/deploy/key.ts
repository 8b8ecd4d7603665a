/**
 * The key that clients of the deployment must send. A public address without one is refused unless it was asked for by
 * name.
 */
import { randomBytes } from 'node:crypto';
import type { DeployOptions, World } from './deploy.ts';
import { DeployError } from './errors.ts';

export interface ProxyKey {
  /** One key to call the deployment with; undefined when it is not known here, or when there is none. */
  readonly value: string | undefined;
  /** The secret as it will be: null removes it, undefined leaves it. */
  readonly secret: string | null | undefined;
  readonly about: string;
}

interface Situation {
  readonly options: Pick<DeployOptions, 'allowNoKey' | 'yes'>;
  /** Names of the secrets that the Worker has. */
  readonly deployed: ReadonlySet<string>;
}

/** Throws `DeployError` for a key that is too short, and where the owner wants none but has not said so. */
export const chooseKey = async ({ options, deployed }: Situation, { env, ask }: World): Promise<ProxyKey> => {
  const given = env['PROXY_API_KEY']?.trim();
  if (given) return checked(given);
  if (options.allowNoKey)
    return { value: undefined, secret: null, about: 'none: whoever finds the address can use it' };
  if (deployed.has('PROXY_API_KEY'))
    return { value: undefined, secret: undefined, about: 'the one that is deployed stays' };
  if (options.yes || (ask !== undefined && (await ask.yes('   There is no key yet. Generate one?')))) {
    const value = `pk-${randomBytes(24).toString('base64url')}`;
    // Shown before it is deployed: whatever fails or is interrupted afterwards, its owner has it.
    return { value, secret: value, about: `a new one was generated; keep it, no later run can show it:\n   ${value}` };
  }
  throw new DeployError(
    'A public address needs a key: set PROXY_API_KEY, let one be generated with --yes, or choose --allow-no-key.',
  );
};

const SHORTEST = 16;

const checked = (value: string): ProxyKey => {
  const short = value.split(',').find((key) => key.trim().length < SHORTEST);
  if (short !== undefined)
    throw new DeployError(`PROXY_API_KEY guards a public address and must have at least ${SHORTEST} characters.`);
  return { value: value.split(',')[0]?.trim(), secret: value, about: 'PROXY_API_KEY of the environment' };
};
