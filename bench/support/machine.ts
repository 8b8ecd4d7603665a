/** The machine that was measured on, in one line: figures without it mean nothing. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export const machine = (): string => {
  const { dependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown CPU'})`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `${type()} ${release()}`,
    `Node ${process.version}`,
    `Agent SDK ${dependencies['@anthropic-ai/claude-agent-sdk']}`,
    `load average ${loadavg()[0]?.toFixed(2)} at the start`,
  ].join(', ');
};
