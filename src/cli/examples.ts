/** What the help of each command ends with: examples, and exit codes beside 0 and 2. Others bring their own ending. */
import type { Command } from 'commander';

interface Ending {
  readonly examples: readonly string[];
  readonly codes?: string;
}

const FAILED = '1 it failed';
const ASKS_SERVER = `${FAILED}, 3 no server answers`;

const ENDINGS: Readonly<Record<string, Ending>> = {
  start: {
    examples: ['', 'start --port 9000', 'start --tunnel', 'start --json | head -n 1'],
    codes: '1 it does not start',
  },
  demo: { examples: ['demo', 'demo --port 0 --json'], codes: '1 it does not start' },
  login: { examples: ['login', 'login --json', 'login --token'], codes: 'as Claude Code ends' },
  logout: { examples: ['logout'], codes: 'as Claude Code ends' },
  claude: { examples: ['claude auth status', 'claude --version'], codes: 'as Claude Code ends' },
  status: {
    examples: ['status', 'status --url https://claude.example.com --json'],
    codes: '1 it is not well, 3 no server answers',
  },
  doctor: { examples: ['doctor', 'doctor --turn', 'doctor --client opencode', 'doctor --offline --json'] },
  models: { examples: ['models', 'models --json'], codes: ASKS_SERVER },
  keys: { examples: ['keys add team --usd-per-day 5', 'keys list', 'keys revoke team'], codes: ASKS_SERVER },
  'keys add': {
    examples: ['keys add team --usd-per-day 5 --models haiku,sonnet', 'keys add me --plan-share five_hour=0.3'],
    codes: ASKS_SERVER,
  },
  'keys list': { examples: ['keys list', 'keys list --revoked --json'], codes: ASKS_SERVER },
  'keys limit': { examples: ['keys limit team --usd-per-day 10', 'keys limit team --none'], codes: ASKS_SERVER },
  'keys revoke': { examples: ['keys revoke team'], codes: ASKS_SERVER },
  usage: {
    examples: ['usage', 'usage monthly --by key', 'usage blocks --json', 'usage session --from 2026-11-01'],
    codes: ASKS_SERVER,
  },
  logs: { examples: ['logs -n 50', 'logs -f', 'logs --errors --json'], codes: ASKS_SERVER },
  config: { examples: ['config', 'config --example > .env', 'config --json'], codes: '1 a setting cannot be read' },
  service: { examples: ['service install', 'service status', 'service uninstall'], codes: FAILED },
  'service install': { examples: ['service install', 'service install --print'], codes: FAILED },
  'service uninstall': { examples: ['service uninstall'], codes: FAILED },
  'service status': { examples: ['service status', 'service status --json'], codes: '1 it does not run' },
};

/** Called once all commands are there. */
export const addExamples = (program: Command): void => {
  for (const [path, { examples, codes }] of Object.entries(ENDINGS)) {
    const lines = examples.map((words) => `  $ ${`opencode-claude-proxy ${words}`.trimEnd()}`);
    const ending = codes === undefined ? '' : `\n\nExit codes: 0 done, ${codes}, 2 the command line cannot be read.`;
    commandAt(program, path.split(' ')).addHelpText('after', `\nExamples:\n${lines.join('\n')}${ending}`);
  }
};

const commandAt = (program: Command, path: readonly string[]): Command => {
  let command = program;
  for (const name of path) {
    const next = command.commands.find((each) => each.name() === name);
    if (next === undefined) throw new Error(`There is no command ${path.join(' ')}.`);
    command = next;
  }
  return command;
};
