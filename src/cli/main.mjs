#!/usr/bin/env node
/**
 * The command `opencode-claude-proxy`. Plain JavaScript in old words: a Node that cannot run the rest must still be
 * able to say that it is too old. In the repository the rest is TypeScript, in the npm package it is compiled.
 */
const NEEDED = 24;

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
const compiled = new URL('./program.js', import.meta.url);
const { existsSync } = await import('node:fs');
const { runProgram } = await import(existsSync(compiled) ? './program.js' : './program.ts');
await runProgram(process.argv);
