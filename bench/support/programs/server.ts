/** The real server as `npm start` composes it; only the number of spare processes can be set as well. */
import { join } from 'node:path';
import { createClaudeEngine } from '../../../src/engines/claude/engine.ts';
import { prepare, run } from '../../../src/node/run.ts';
import { createServer } from '../../../src/node/server.ts';
import { untilAlone } from './parent.ts';

const { BENCH_SPARES: spares, ...env } = process.env;

await untilAlone(async () => {
  if (spares === undefined) return (await run(env)).server;
  const { parts, engine } = await prepare(env);
  await engine.close();
  const dir = env['STATE_DIR'] ?? '';
  return createServer({
    ...parts,
    engine: createClaudeEngine({
      childEnv: {
        PATH: env['PATH'] ?? '',
        HOME: join(dir, 'home'),
        CLAUDE_CONFIG_DIR: join(dir, 'claude'),
        ANTHROPIC_BASE_URL: env['ANTHROPIC_BASE_URL'] ?? '',
        ANTHROPIC_API_KEY: env['ANTHROPIC_API_KEY'] ?? '',
      },
      workDir: join(dir, 'work'),
      stateDir: dir,
      credentialKind: 'api-key',
      log: parts.log,
      ...(parts.config.MAX_PROCESSES !== 'auto' && { maxProcesses: parts.config.MAX_PROCESSES }),
      spares: Number(spares),
    }),
  });
});
