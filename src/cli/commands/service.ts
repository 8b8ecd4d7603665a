/** `service install|uninstall|status`: the server in the background, as the operating system does it. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { stateRoot } from '../../node/state.ts';
import { CliError } from '../cli-error.ts';
import { currentEnvironment, userEnvFile } from '../environment.ts';
import { print, printJson } from '../output.ts';
import { launchdAgent, launchdLabel, serviceName, systemdUnit, type ServiceParts } from '../service/service-files.ts';

/** What one operating system needs: the file, and the commands that make it count. */
interface Manager {
  readonly file: string;
  readonly content: string;
  readonly install: readonly (readonly string[])[];
  readonly uninstall: readonly (readonly string[])[];
  /** Prints `active` or an equivalent; fails where it does not run. */
  readonly status: readonly string[];
  readonly afterwards: string;
}

export const addService = (program: Command): void => {
  const service = program.command('service').description('run the server in the background, from login on');
  service
    .command('install')
    .description('write the unit of systemd or the agent of launchd, and start it')
    .option('--print', 'print the file instead of installing it')
    .option('--json', 'print JSON')
    .action(async ({ print: onlyPrint = false, json = false }: { print?: boolean; json?: boolean }) => {
      const manager = managerOf(process.platform);
      const { file, content } = manager;
      if (onlyPrint) return json ? printJson({ file, content }) : print(content);
      return install(manager, json);
    });
  service
    .command('uninstall')
    .description('stop it and remove its file')
    .option('--json', 'print JSON')
    .action(async ({ json = false }: { json?: boolean }) => uninstall(managerOf(process.platform), json));
  service
    .command('status')
    .description('whether it is installed, and whether it runs')
    .option('--json', 'print JSON')
    .action(async ({ json = false }: { json?: boolean }) => showStatus(managerOf(process.platform), json));
};

const install = async ({ file, content, install: commands, afterwards }: Manager, json: boolean): Promise<void> => {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content, { mode: 0o600 });
  await chmod(file, 0o600);
  for (const command of commands) await run(command);
  if (json) printJson({ installed: true, file });
  else print(`Installed as ${file}, and started.\n${afterwards}`);
};

const uninstall = async ({ file, uninstall: commands }: Manager, json: boolean): Promise<void> => {
  if (!existsSync(file)) throw new CliError(`It is not installed: there is no ${file}.`);
  for (const command of commands) await run(command);
  await rm(file);
  if (json) printJson({ installed: false, file });
  else print(`Stopped, and removed ${file}.`);
};

const showStatus = async ({ file, status }: Manager, json: boolean): Promise<void> => {
  const installed = existsSync(file);
  const running =
    installed &&
    (await run(status).then(
      () => true,
      () => false,
    ));
  if (json) printJson({ installed, running, file });
  else print(installed ? `Installed as ${file}; it ${running ? 'runs' : 'does not run'}.` : 'It is not installed.');
  if (!running) process.exitCode = 1;
};

const run = async ([command = '', ...args]: readonly string[]): Promise<string> => {
  try {
    return (await promisify(execFile)(command, args)).stdout;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new CliError(`${[command, ...args].join(' ')} failed: ${stderr?.trim() || String(error)}`);
  }
};

const managerOf = (platform: NodeJS.Platform): Manager => {
  if (platform === 'linux') return systemd();
  if (platform === 'darwin') return launchd();
  throw new CliError(
    platform === 'win32'
      ? 'Run it inside WSL, and start that with Windows: https://learn.microsoft.com/windows/wsl/systemd'
      : `There is no service for ${platform}; let your supervisor run: opencode-claude-proxy start`,
  );
};

const partsOf = (): ServiceParts => {
  const stateDir = stateRoot(currentEnvironment()['STATE_DIR'] ?? '', process.env);
  return {
    node: process.execPath,
    program: fileURLToPath(new URL('../main.mjs', import.meta.url)),
    envFile: userEnvFile(process.env),
    stateDir,
    logFile: join(stateDir, 'server.log'),
  };
};

const systemd = (): Manager => {
  const config = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  const unit = `${serviceName}.service`;
  return {
    file: join(config, 'systemd', 'user', unit),
    content: systemdUnit(partsOf()),
    install: [
      ['systemctl', '--user', 'daemon-reload'],
      ['systemctl', '--user', 'enable', '--now', unit],
    ],
    uninstall: [['systemctl', '--user', 'disable', '--now', unit]],
    status: ['systemctl', '--user', 'is-active', unit],
    afterwards:
      `Settings: ${userEnvFile(process.env)}\nLog: journalctl --user -u ${unit} -f\nAlso without a ` +
      `login session: loginctl enable-linger`,
  };
};

const launchd = (): Manager => {
  const parts = partsOf();
  const domain = `gui/${process.getuid?.() ?? 501}`;
  const file = join(homedir(), 'Library', 'LaunchAgents', `${launchdLabel}.plist`);
  return {
    file,
    content: launchdAgent(parts),
    install: [['launchctl', 'bootstrap', domain, file]],
    uninstall: [['launchctl', 'bootout', `${domain}/${launchdLabel}`]],
    status: ['launchctl', 'print', `${domain}/${launchdLabel}`],
    afterwards: `Settings: ${parts.envFile}\nLog: tail -f ${parts.logFile}`,
  };
};
