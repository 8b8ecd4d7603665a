#!/usr/bin/env node
// Stands for wrangler and docker: writes down how it was called, and answers as the test has said.
import { appendFileSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const program = basename(process.argv[1]);
const args = process.argv.slice(2);
const script = JSON.parse(readFileSync(process.env.SCRIPT, 'utf8'));
const input = args.includes('bulk')
  ? readFileSync(0, 'utf8')
  : args.includes('/dev/stdin')
    ? readFileSync('/dev/stdin', 'utf8')
    : '';
const builder = process.env.WRANGLER_DOCKER_BIN ?? null;
const podman = process.env.PODMAN ?? null;
appendFileSync(process.env.RECORD, `${JSON.stringify({ program, args, input, builder, podman })}\n`);
const call = `${program} ${args.join(' ')}`;
const found = Object.entries(script).find(([start]) => call.startsWith(start));
const { code = 0, stdout = '', stderr = '' } = found?.[1] ?? {};
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
