/**
 * `node src/cli/main.mjs start|demo|claude`. Plain JavaScript in old words: a Node that cannot run TypeScript
 * must still be able to say that it is too old.
 */
const NEEDED = 24;
const commands = { start: './start.ts', demo: './demo.ts', claude: './claude.ts' };

const [node, self, command, ...args] = process.argv;
const fail = (text) => {
  console.error(text);
  process.exit(1);
};
if (Number(process.versions.node.split('.')[0]) < NEEDED)
  fail(
    'Node ' +
      NEEDED +
      ' is needed, this is ' +
      process.versions.node +
      ' (' +
      process.execPath +
      '). ' +
      'Install it from https://nodejs.org, or with nvm: nvm install ' +
      NEEDED +
      '. ' +
      'Then run npm ci once more.',
  );
if (process.platform === 'win32')
  fail('Windows is not supported. In WSL (https://learn.microsoft.com/windows/wsl/install) it runs as on Linux.');
const file = Object.hasOwn(commands, command ?? '') ? commands[command] : undefined;
if (file === undefined) fail('Known commands: ' + Object.keys(commands).join(', ') + '.');
// The command sees its own arguments, as if it had been started by itself.
process.argv = [node, self, ...args];
await import(file);
