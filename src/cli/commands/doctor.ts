/** `doctor`: looks at everything that a server needs, and says for each thing that is wrong what to do. */
import type { Command } from 'commander';
import { parseSettings } from '../../settings/parse-settings.ts';
import { serverSettings } from '../../settings/server-settings.ts';
import { clientNamed } from '../connect/clients/index.ts';
import { thisMachine } from '../connect/machine.ts';
import { targetOf, type TargetOptions } from '../connect/target.ts';
import { checkClient } from '../doctor/client-checks.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkLogin } from '../doctor/login-checks.ts';
import {
  checkClaudeCode,
  checkMemory,
  checkNode,
  checkOpenFiles,
  checkPort,
  checkState,
} from '../doctor/machine-checks.ts';
import { checkCertificates, checkNetwork } from '../doctor/network-checks.ts';
import { checkEnvFiles, checkSettings } from '../doctor/setting-checks.ts';
import { mergedEnvironment, settingSources } from '../environment.ts';
import { print, printJson, styled } from '../output.ts';

interface Options extends TargetOptions {
  readonly turn?: boolean;
  readonly offline?: boolean;
  readonly json?: boolean;
  readonly client?: string;
}

export const addDoctor = (program: Command): void => {
  program
    .command('doctor')
    .description('look at everything that a server needs, and say what to do where something is wrong')
    .option('--turn', 'ask the model for one token, in place of a free count of tokens')
    .option('--offline', 'do not ask the API')
    .option('--client <name>', 'look at the configuration of a client instead')
    .option('--url <url>', 'with --client: address of the server')
    .option('--key-env <name>', 'with --client: the variable that holds the server’s key')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit codes: 0 nothing stops a server, 1 something does.')
    .action(async (options: Options) => {
      const findings = await diagnose(options);
      if (options.json === true) printJson(findings);
      else for (const finding of findings) print(describe(finding));
      if (findings.some(({ level }) => level === 'problem')) process.exitCode = 1;
    });
};

const diagnose = async ({ turn = false, offline = false, client, ...server }: Options): Promise<readonly Finding[]> => {
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

const MARKS = {
  ok: ['green', '✓'],
  note: ['cyan', '·'],
  warning: ['yellow', '!'],
  problem: ['red', '✗'],
} as const;

const describe = ({ level, text, remedy }: Finding): string => {
  const [colour, mark] = MARKS[level];
  return `${styled(colour, mark)} ${text}${remedy === undefined ? '' : `\n    ${styled('dim', '→')} ${remedy}`}`;
};
