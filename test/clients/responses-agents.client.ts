/**
 * Agents that speak the Responses API by option, as black boxes in an empty home: opencode, pi and GitHub's Copilot CLI.
 * Each reads a file with its own tool, writes another with its shell, and answers.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copilotCli } from '../../src/cli/connect/clients/agents/copilot-cli.ts';
import { pi } from '../../src/cli/connect/clients/agents/pi.ts';
import { mergeEntries } from '../../src/cli/connect/merge/merge.ts';
import { clientModels } from '../../src/cli/connect/models.ts';
import type { DemoScript } from '../../src/demo/upstream.ts';
import { apiKey, model, onEveryEngine, png, type World } from './support.ts';

const run = promisify(execFile);
const keyEnv = 'CLAUDE_PROXY_KEY';
const models = clientModels(Date.now());
const main = models[0]?.id ?? '';
/** As `connect` is told of the server. */
const targetOf = ({ server }: World) => ({ url: server.url, keyEnv, models });
const note = 'the milk is in the cellar';
const prompt = 'Where is the milk?';
let home = '';
let project = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'responses-agent-'));
  project = join(home, 'project');
  await mkdir(project);
  await run('git', ['init', '--quiet', project]);
  await writeFile(join(project, 'note.txt'), note);
  await writeFile(join(project, 'pixel.png'), Buffer.from(png, 'base64'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

interface Call {
  readonly name: string;
  readonly input: object;
}

/** One call after the other, then words; a side request (a title) has words only. */
const inSteps =
  (calls: readonly Call[]): DemoScript =>
  ({ tools = [], messages }) => {
    const done = JSON.stringify(messages).split('"tool_result"').length - 1;
    const call = calls[done];
    if (tools.length === 0 || call === undefined) return { content: [{ type: 'text', text: 'In the cellar.' }] };
    const thought = { type: 'thinking', thinking: `Step ${done}` } as const;
    return { content: [thought, { type: 'text', text: 'I look.' }, { type: 'tool_use', ...call }] };
  };

/** The requests of the agent itself: a step each, with everything that came before. */
const expectSteps = ({ arrived, upstream }: World, calls: readonly Call[]): void => {
  const steps = arrived().filter(({ tools = [] }) => tools.length > 0);
  expect(steps).toHaveLength(calls.length + 1);
  const last = JSON.stringify(steps.at(-1)?.messages);
  expect(last).toContain(note);
  expect(last.split('"tool_use"').length - 1).toBe(calls.length);
  expect(upstream.messageRequests.every(({ completed }) => completed)).toBe(true);
};

const expectWritten = async (file: string): Promise<void> => {
  expect(await readFile(join(project, file), 'utf8')).toBe('written');
};

/** Nothing of the tester's own: no login, no settings. */
const start = async (program: string, args: readonly string[], env: Record<string, string>) => {
  const running = run(join(import.meta.dirname, 'node_modules/.bin', program), [...args], {
    cwd: project,
    env: { PATH: process.env['PATH'], HOME: home, ...env },
    timeout: 100_000,
    maxBuffer: 2 ** 24,
  });
  running.child.stdin?.end();
  return await running.catch((error: { stdout: string; stderr: string }) => error);
};

onEveryEngine('opencode over Responses', (world) => {
  it('reads, writes and answers', async () => {
    const config = {
      autoupdate: false,
      share: 'disabled',
      model: `proxy/${model}`,
      small_model: `proxy/${model}`,
      enabled_providers: ['proxy'],
      provider: {
        proxy: {
          npm: '@ai-sdk/openai',
          name: 'Proxy',
          options: { baseURL: `${world().server.url}/v1`, apiKey },
          models: { [model]: { name: 'main', tool_call: true, reasoning: true } },
        },
      },
    };
    await writeFile(join(project, 'opencode.json'), JSON.stringify(config));
    const calls = [
      { name: 'read', input: { filePath: join(project, 'note.txt') } },
      { name: 'bash', input: { command: 'printf written > opencode.txt', description: 'Writes' } },
    ];
    world().upstream.script(inSteps(calls));
    const { stdout } = await start('opencode', ['run', prompt], {
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
    });
    expect(stdout).toContain('In the cellar.');
    expectSteps(world(), calls);
    await expectWritten('opencode.txt');
  });
});

onEveryEngine('pi over Responses', (world) => {
  const configure = async (): Promise<Record<string, string>> => {
    const folder = await mkdtemp(join(home, 'pi-'));
    const [{ file }] = pi.variants(targetOf(world()));
    if (file === undefined) throw new Error('connect has no file for pi');
    await writeFile(join(folder, 'models.json'), mergeEntries(undefined, file).text);
    return { PI_CODING_AGENT_DIR: folder, PI_OFFLINE: '1', [keyEnv]: apiKey };
  };
  const args = ['--model', `claude-proxy/${main}`, '--no-session', '--mode', 'json', '-p'];

  it('reads, writes and answers, and keeps Claude’s thinking', async () => {
    const calls = [
      { name: 'read', input: { path: 'note.txt' } },
      { name: 'bash', input: { command: 'printf written > pi.txt' } },
    ];
    world().upstream.script(inSteps(calls));
    const { stdout } = await start('pi', [...args, '--thinking', 'low', prompt], await configure());
    expect(stdout).toContain('In the cellar.');
    expectSteps(world(), calls);
    expect(JSON.stringify(world().arrived().at(-1)?.messages)).toContain('"signature"');
    await expectWritten('pi.txt');
  });

  it('reads a picture with its tool', async () => {
    const calls = [{ name: 'read', input: { path: 'pixel.png' } }];
    world().upstream.script(inSteps(calls));
    const { stdout } = await start('pi', [...args, 'What is on it?'], await configure());
    expect(stdout).toContain('In the cellar.');
    expect(JSON.stringify(world().arrived().at(-1)?.messages)).toContain('"media_type":"image/png"');
  });
});

onEveryEngine('Copilot CLI over Responses', (world) => {
  it('reads, writes and answers', async () => {
    const calls = [
      { name: 'view', input: { path: join(project, 'note.txt') } },
      { name: 'bash', input: { command: 'printf written > copilot.txt', description: 'Writes' } },
    ];
    world().upstream.script(inSteps(calls));
    const [{ environment = {} }] = copilotCli.variants(targetOf(world()));
    const { stdout } = await start('copilot', ['--allow-all', '-s', '-p', prompt], {
      ...environment,
      COPILOT_PROVIDER_API_KEY: apiKey,
      COPILOT_HOME: await mkdtemp(join(home, 'copilot-')),
      COPILOT_OFFLINE: 'true',
      COPILOT_AUTO_UPDATE: 'false',
    });
    expect(stdout).toContain('In the cellar.');
    expectSteps(world(), calls);
    await expectWritten('copilot.txt');
  });
});
