/** Every check of `doctor`, in the order of its report. */
import { parseSettings } from '../../settings/parse-settings.ts';
import { serverSettings } from '../../settings/server-settings.ts';
import { clientNamed } from '../connect/clients/index.ts';
import { thisMachine } from '../connect/machine.ts';
import { targetOf, type TargetOptions } from '../connect/target.ts';
import { mergedEnvironment, settingSources } from '../environment.ts';
import { checkClient } from './client-checks.ts';
import type { Finding } from './finding.ts';
import { checkLogin } from './login-checks.ts';
import { checkClaudeCode, checkMemory, checkNode, checkOpenFiles, checkPort, checkState } from './machine-checks.ts';
import { checkModels } from './model-checks.ts';
import { checkCertificates, checkNetwork } from './network-checks.ts';
import { checkEnvFiles, checkSettings, checkUnknown } from './setting-checks.ts';

export interface Questions extends TargetOptions {
  readonly turn?: boolean;
  readonly offline?: boolean;
  readonly client?: string;
}

export const diagnose = async ({
  turn = false,
  offline = false,
  client,
  ...server
}: Questions): Promise<readonly Finding[]> => {
  if (client !== undefined)
    return checkClient({ client: clientNamed(client), target: targetOf(server), machine: thisMachine() });
  const sources = settingSources(process.env);
  const env = mergedEnvironment(sources);
  const { values: config } = parseSettings(serverSettings, env);
  const claudeCode = config.ENGINE === 'claude-code' ? [await checkClaudeCode(config)] : [];
  const local = [
    checkNode(),
    ...claudeCode,
    ...checkSettings(env),
    ...checkUnknown(sources),
    ...checkModels(config, Date.now()),
    ...checkEnvFiles(sources),
    await checkPort(config),
    checkMemory(config),
    checkOpenFiles(config),
    await checkState(config, env),
    ...checkCertificates(env),
  ];
  if (offline) return local;
  return [...local, ...(await checkNetwork(env)), ...(await checkLogin({ config, env, paid: turn }))];
};
