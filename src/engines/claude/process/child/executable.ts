/** Where the Claude Code is that the Agent SDK ships: the program every turn runs on, and the one to log in with. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** A Linux with musl in place of glibc (Alpine). */
  readonly musl: boolean;
}

/** The SDK's platform packages that fit, best first. Their names: `optionalDependencies` of the SDK's package.json. */
export const executableNames = ({ platform, arch, musl }: Machine): readonly string[] => {
  const name = `@anthropic-ai/claude-agent-sdk-${platform}-${arch}`;
  const packages = platform !== 'linux' ? [name] : musl ? [`${name}-musl`, name] : [name, `${name}-musl`];
  return packages.map((one) => `${one}/claude`);
};

/** Undefined where the package for this machine is not installed (`npm ci --omit=optional`). */
export const findExecutable = (machine: Machine = thisMachine()): string | undefined => {
  // From the SDK's own place, as it looks itself: its packages may be nested below it.
  const fromSdk = createRequire(import.meta.resolve('@anthropic-ai/claude-agent-sdk'));
  return executableNames(machine).flatMap((name) => resolved(fromSdk, name))[0];
};

export interface MissingProgram {
  readonly text: string;
  readonly remedy: string;
}

/** Why there is no Claude Code to run, and what to do; undefined where there is one. `configured` is CLAUDE_PATH. */
export const missingProgram = (configured: string): MissingProgram | undefined => {
  if (configured !== '')
    return existsSync(configured)
      ? undefined
      : { text: `CLAUDE_PATH is ${configured}, and there is nothing.`, remedy: 'correct or unset CLAUDE_PATH' };
  // Either C library will do for this question; to find out which one is here takes long.
  if (findExecutable({ platform: process.platform, arch: process.arch, musl: false }) !== undefined) return undefined;
  return {
    text: `The Agent SDK has no Claude Code for ${process.platform}-${process.arch} installed.`,
    remedy: 'npm install without --omit=optional, or set CLAUDE_PATH to an installed one',
  };
};

const resolved = (require: NodeJS.Require, name: string): readonly string[] => {
  try {
    const path = require.resolve(name);
    return existsSync(path) ? [path] : [];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return [];
    throw error;
  }
};

const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  musl: process.platform === 'linux' && !usesGlibc(),
});

const usesGlibc = (): boolean => {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
};
