import { expect, it } from 'vitest';
import { isPackage, ownCommand } from '../../src/util/own-command.ts';

it.each([
  ['file:///home/me/opencode-claude-proxy/src/util/own-command.ts', false],
  ['file:///home/me/.npm/_npx/1a/node_modules/opencode-claude-proxy/dist/util/own-command.js', true],
  [undefined, false],
])('the code at %s runs from the npm package: %s', (url, expected) => {
  expect(isPackage(url)).toBe(expected);
});

it.each([
  ['deploy', '--renew', false, 'npm run deploy -- --renew'],
  ['deploy', '--renew', true, 'opencode-claude-proxy deploy --renew'],
  ['demo', '', false, 'npm run demo'],
  ['start', '', false, 'npm start'],
  ['start', '--port 1', false, 'npm start -- --port 1'],
  ['claude', 'auth login', true, 'opencode-claude-proxy login'],
  ['claude', 'setup-token', true, 'opencode-claude-proxy login --token'],
  ['claude', 'auth login', false, 'npm run claude -- auth login'],
])('%s %s is called so (package: %s): %s', (command, options, installed, expected) => {
  expect(ownCommand(command, options, installed)).toBe(expected);
});
