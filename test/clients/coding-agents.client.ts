/** Whole programs as black boxes: opencode by both of its ways, and the Claude Code CLI itself, each in an empty home. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DemoAnswer } from '../../src/demo/answer.ts';
import type { DemoScript } from '../../src/demo/upstream.ts';
import { apiKey, model, onEveryEngine, type World } from './support.ts';

const run = promisify(execFile);
const note = 'the milk is in the cellar';
let home = '';
let project = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'coding-agent-'));
  project = join(home, 'project');
  await mkdir(project);
  await writeFile(join(project, 'note.txt'), note);
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** What each program does for `prompt`: reads the note with its own tool, then says so; a side request (a title) gets words. */
const readsTheNote =
  (prompt: string, call: { name: string; input: object }): DemoScript =>
  ({ tools = [], messages, thinking }): DemoAnswer => {
    const thought =
      thinking === undefined || thinking.type === 'disabled'
        ? []
        : [{ type: 'thinking', thinking: 'A note.' } as const];
    if (tools.length === 0 || !JSON.stringify(messages).includes(prompt))
      return { content: [...thought, { type: 'text', text: 'A title' }] };
    if (!JSON.stringify(messages).includes('"tool_result"'))
      return { content: [...thought, { type: 'tool_use', ...call }] };
    return { content: [...thought, { type: 'text', text: 'I have read it.' }] };
  };

const expectTheNoteWasRead = ({ arrived }: World): void => {
  const [first, second, ...more] = arrived().filter(({ tools = [] }) => tools.length > 0);
  expect(JSON.stringify(first?.messages)).not.toContain(note);
  expect(JSON.stringify(second?.messages)).toContain(note);
  expect(more).toEqual([]);
};

/** Nothing of the tester's own: no login, no settings. */
const environment = () => ({ PATH: process.env['PATH'], HOME: home });
const limits = { timeout: 110_000, maxBuffer: 2 ** 24 };

onEveryEngine('opencode', (world) => {
  const executable = join(import.meta.dirname, 'node_modules/.bin/opencode');
  const start = async (npm: string, key: string, prompt: string) => {
    const models = { [model]: { name: 'main', tool_call: true }, 'claude-haiku-4-5-20251001': { name: 'small' } };
    const config = {
      autoupdate: false,
      share: 'disabled',
      model: `proxy/${model}`,
      small_model: 'proxy/claude-haiku-4-5-20251001',
      enabled_providers: ['proxy'],
      provider: {
        proxy: { npm, name: 'Proxy', options: { baseURL: `${world().server.url}/v1`, apiKey: key }, models },
      },
    };
    await writeFile(join(project, 'opencode.json'), JSON.stringify(config));
    const env = { ...environment(), OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1' };
    const running = run(executable, ['run', prompt], { ...limits, cwd: project, env });
    running.child.stdin?.end();
    return running;
  };

  it.each(['@ai-sdk/openai-compatible', '@ai-sdk/anthropic'])('reads a file and answers, with %s', async (npm) => {
    world().upstream.script(
      readsTheNote('Where is the milk?', { name: 'read', input: { filePath: join(project, 'note.txt') } }),
    );
    const { stdout } = await start(npm, apiKey, 'Where is the milk?');
    expect(stdout).toContain('I have read it.');
    expectTheNoteWasRead(world());
  });

  it('shows why it was refused', async () => {
    const { stdout, stderr } = await start('@ai-sdk/openai-compatible', 'wrong', 'Hi').catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    expect(stdout + stderr).toMatch(/key is not one of this server/);
    expect(world().arrived()).toEqual([]);
  });
});

onEveryEngine('the Claude Code CLI', (world) => {
  // The package of the platform holds the program that the engine runs, too.
  const sdk = createRequire(import.meta.resolve('@anthropic-ai/claude-agent-sdk'));
  const executable = sdk.resolve(`@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}/claude`);
  const start = async (id: string, login: Record<string, string>, prompt: string) => {
    const env = {
      ...environment(),
      ANTHROPIC_BASE_URL: world().server.url,
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_MAX_RETRIES: '0',
      ...login,
    };
    const running = run(
      executable,
      ['-p', '--model', id, '--output-format', 'json', '--allowedTools', 'Read', '--', prompt],
      { ...limits, cwd: project, env },
    );
    running.child.stdin?.end();
    const { stdout } = await running.catch((error: { stdout: string }) => error);
    return JSON.parse(stdout) as {
      result: string;
      is_error: boolean;
      api_error_status?: number;
      usage: { output_tokens: number };
    };
  };

  it.each([
    [model, 'ANTHROPIC_API_KEY'],
    ['claude-sonnet-5-5', 'ANTHROPIC_AUTH_TOKEN'],
  ])('reads a file and answers, as %s with %s', async (id, variable) => {
    world().upstream.script(
      readsTheNote('Where is the milk?', { name: 'Read', input: { file_path: join(project, 'note.txt') } }),
    );
    const { result, is_error: failed, usage } = await start(id, { [variable]: apiKey }, 'Where is the milk?');
    expect([result, failed]).toEqual(['I have read it.', false]);
    expect(usage.output_tokens).toBeGreaterThan(4);
    expectTheNoteWasRead(world());
    expect(
      new Set(
        world()
          .arrived()
          .map((request) => request.model),
      ),
    ).toEqual(new Set([id]));
  });

  it('shows why it was refused', async () => {
    const {
      is_error: failed,
      api_error_status: status,
      result,
    } = await start(model, { ANTHROPIC_AUTH_TOKEN: 'wrong' }, 'Hi');
    expect([failed, status]).toEqual([true, 401]);
    expect(result).toMatch(/key/i);
    expect(world().arrived()).toEqual([]);
  });
});
