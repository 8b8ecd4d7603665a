/** Codex itself, headless, in an empty home: its shell, apply_patch, pictures, a resumed session, and what it knows of the plan. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codex } from '../../src/cli/connect/clients/agents/codex.ts';
import { mergeEntries } from '../../src/cli/connect/merge/merge.ts';
import { clientModels } from '../../src/cli/connect/models.ts';
import { SUMMARY_WANTED } from '../../src/dialects/openai-responses/compaction.ts';
import { startWorld } from '../conformance/set-up.ts';
import { serverSettings } from './server-settings.ts';
import { apiKey, lastOf, onEveryEngine, png, type World } from './support.ts';

const run = promisify(execFile);
const executable = join(import.meta.dirname, 'node_modules/.bin/codex');
let home = '';
let project = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'codex-'));
  project = join(home, 'project');
  await mkdir(project);
  await run('git', ['init', '--quiet', project]);
  await writeFile(join(project, 'note.txt'), 'the milk is in the cellar\n');
  await writeFile(join(project, 'pixel.png'), Buffer.from(png, 'base64'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** The settings as `connect codex` writes them; what a test needs besides stands on the command line. */
const configure = async ({ server }: World): Promise<string> => {
  const codexHome = await mkdtemp(join(home, 'settings-'));
  const target = { url: server.url, keyEnv: 'CLAUDE_PROXY_KEY', models: clientModels(Date.now()) };
  const [{ file }] = codex.variants(target);
  if (file === undefined) throw new Error('connect has no file for Codex');
  await writeFile(join(codexHome, 'config.toml'), mergeEntries(undefined, file).text);
  return codexHome;
};

const forTests = [
  'approval_policy="never"',
  'sandbox_mode="danger-full-access"',
  'model_providers.claude.request_max_retries=0',
  'model_providers.claude.stream_max_retries=0',
].flatMap((setting) => ['--config', setting]);

interface CodexEvent {
  readonly type: string;
  readonly thread_id?: string;
  readonly message?: string;
  readonly item?: {
    readonly type: string;
    readonly text?: string;
    readonly aggregated_output?: string;
    readonly message?: string;
  };
  readonly usage?: { readonly output_tokens: number };
}

const start = async (codexHome: string, args: readonly string[], key = apiKey): Promise<readonly CodexEvent[]> => {
  const env = { PATH: process.env['PATH'], HOME: home, CODEX_HOME: codexHome, CLAUDE_PROXY_KEY: key };
  const running = run(executable, ['exec', ...forTests, ...args], {
    cwd: project,
    env,
    timeout: 100_000,
    maxBuffer: 2 ** 24,
  });
  running.child.stdin?.end();
  const { stdout } = await running.catch((error: { stdout: string }) => error);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as CodexEvent);
};

const itemsOf = (events: readonly CodexEvent[]) =>
  events.flatMap(({ type, item }) => (type === 'item.completed' && item !== undefined ? [item] : []));
const saidBy = (events: readonly CodexEvent[]) =>
  itemsOf(events).flatMap(({ type, text }) => (type === 'agent_message' ? [text] : []));

onEveryEngine('Codex', (world) => {
  it('reads a file, patches another with its own tool, and answers', async () => {
    const codexHome = await configure(world());
    const patch = '*** Begin Patch\n*** Add File: new.txt\n+"quoted" čaj\n*** End Patch\n';
    const steps = [
      '[[text:I look.]] [[tool:exec_command {"cmd":"cat note.txt"}]]',
      `[[tool:apply_patch ${JSON.stringify({ input: patch })}]]`,
      '[[text:Both done]]',
    ];
    const events = await start(codexHome, ['--json', steps.join(' [[then]] ')]);
    const items = itemsOf(events);
    expect(items.map(({ type }) => type)).toEqual([
      'agent_message',
      'command_execution',
      'file_change',
      'agent_message',
    ]);
    expect(items[1]?.aggregated_output).toContain('the milk is in the cellar');
    expect(await readFile(join(project, 'new.txt'), 'utf8')).toBe('"quoted" čaj\n');
    expect(saidBy(events)).toEqual(['I look.', 'Both done']);
    expect(events.at(-1)).toMatchObject({ type: 'turn.completed', usage: { output_tokens: expect.any(Number) } });
    expect(world().arrived()).toHaveLength(3);
    const { messages, tools } = lastOf(world());
    expect(JSON.stringify(messages)).toContain('the milk is in the cellar');
    expect(tools?.map((tool) => 'name' in tool && tool.name)).toEqual(
      expect.arrayContaining(['apply_patch', 'exec_command']),
    );
  });

  it('keeps Claude’s thinking through a tool loop', async () => {
    const codexHome = await configure(world());
    const script = '[[think:A note, I read it.]] [[tool:exec_command {"cmd":"cat note.txt"}]] [[then]] [[text:Read]]';
    const events = await start(codexHome, ['--json', '-c', 'model_reasoning_effort="low"', script]);
    expect(itemsOf(events).map(({ type }) => type)).toEqual(['reasoning', 'command_execution', 'agent_message']);
    const said = lastOf(world()).messages.filter(({ role }) => role === 'assistant');
    expect(JSON.stringify(said)).toContain('"signature"');
  });

  it('goes on with a session', async () => {
    const codexHome = await configure(world());
    const [begun] = await start(codexHome, ['--json', '[[text:First]] one']);
    const id = begun?.thread_id ?? '';
    const events = await start(codexHome, ['resume', id, '--json', '[[text:Second]] two']);
    expect(saidBy(events)).toEqual(['Second']);
    const dialogue = JSON.stringify(lastOf(world()).messages);
    expect(dialogue.indexOf('[[text:First]] one')).toBeGreaterThan(0);
    expect(dialogue.indexOf('"First"')).toBeGreaterThan(dialogue.indexOf('[[text:First]] one'));
  });

  it('compacts a long session by asking for a summary as for any answer', async () => {
    const codexHome = await configure(world());
    const { upstream } = world();
    const full = { input_tokens: 940_000, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    upstream.enqueue({ content: [{ type: 'text', text: 'Long ago' }], usage: full });
    const [begun] = await start(codexHome, ['--json', 'one']);
    upstream.enqueue({ content: [{ type: 'text', text: 'Of one was spoken' }] });
    const events = await start(codexHome, ['resume', begun?.thread_id ?? '', '--json', '[[text:Second]] two']);
    expect(saidBy(events)).toEqual(['Second']);
    expect(world().arrived()).toHaveLength(3);
    const dialogue = JSON.stringify(lastOf(world()).messages);
    expect([dialogue.includes('Of one was spoken'), dialogue.includes('Long ago')]).toEqual([true, false]);
  });

  it('compacts a long session by the API of OpenAI, where it takes the server for that', async () => {
    const codexHome = await configure(world());
    const named = ['-c', 'model_providers.claude.name="OpenAI"', '--json'];
    const { upstream } = world();
    const full = { input_tokens: 940_000, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    upstream.enqueue({ content: [{ type: 'text', text: 'Long ago' }], usage: full });
    const [begun] = await start(codexHome, [...named, 'one']);
    upstream.enqueue({ content: [{ type: 'text', text: 'Of one was spoken' }] });
    const events = await start(codexHome, ['resume', begun?.thread_id ?? '', ...named, '[[text:Second]] two']);
    expect(saidBy(events)).toEqual(['Second']);
    const [, asked, last, ...more] = world().arrived();
    expect(more).toEqual([]);
    expect(JSON.stringify(asked?.messages)).toContain(SUMMARY_WANTED);
    const dialogue = JSON.stringify(last?.messages);
    expect(dialogue).toContain('<conversation-summary>\\nOf one was spoken');
    expect(dialogue).not.toContain('Long ago');
  });

  it('shows a picture', async () => {
    const codexHome = await configure(world());
    const events = await start(codexHome, ['--json', '--image', join(project, 'pixel.png'), '--', '[[text:A pixel]]']);
    expect(saidBy(events)).toEqual(['A pixel']);
    expect(JSON.stringify(lastOf(world()).messages)).toContain('"media_type":"image/png"');
  });

  it('knows the windows of the models, and says nothing of missing metadata', async () => {
    const codexHome = await configure(world());
    const events = await start(codexHome, ['--json', '[[text:fine]]']);
    expect(itemsOf(events).filter(({ type }) => type === 'error')).toEqual([]);
    const session = await sessionOf(codexHome);
    expect(session).toContain('"model_context_window":950000');
  });

  it('sees that a conversation is too long', async () => {
    const codexHome = await configure(world());
    world().upstream.script(() => ({
      failure: { status: 400, message: 'prompt is too long: 210000 tokens > 200000' },
    }));
    const events = await start(codexHome, ['--json', 'Hi']);
    expect(JSON.stringify(events.at(-1))).toMatch(/context window/);
  });

  it('shows why it was refused', async () => {
    const codexHome = await configure(world());
    const wrong = await start(codexHome, ['--json', 'Hi'], 'wrong');
    expect(JSON.stringify(wrong)).toMatch(/key is not one of this server/);
    expect(world().arrived()).toEqual([]);
  });
});

describe('the windows of the plan in its own /status', () => {
  const reset = Math.floor(Date.now() / 1000) + 3600;
  const unified = 'anthropic-ratelimit-unified';
  const answerWith = (headers: Record<string, string>) => () => ({
    content: [{ type: 'text' as const, text: 'fine' }],
    headers: {
      [`${unified}-status`]: 'allowed',
      [`${unified}-reset`]: String(reset),
      [`${unified}-representative-claim`]: 'five_hour',
      [`${unified}-5h-reset`]: String(reset),
      [`${unified}-7d-reset`]: String(reset),
      ...headers,
    },
  });
  /** The limits that Codex keeps with its session. */
  const limitsOf = async (world: World): Promise<object | null> => {
    const codexHome = await configure(world);
    await start(codexHome, ['--json', 'Hi']);
    const counts = (await sessionOf(codexHome)).split('\n').filter((line) => line.includes('"token_count"'));
    const last = JSON.parse(counts.at(-1) ?? '{}') as { payload?: { rate_limits: object | null } };
    return last.payload?.rate_limits ?? null;
  };

  it('are those that the API tells of', async () => {
    const world = await startWorld('anthropic-api', serverSettings);
    try {
      world.upstream.script(
        answerWith({ [`${unified}-5h-utilization`]: '0.42', [`${unified}-7d-utilization`]: '0.07' }),
      );
      expect(await limitsOf(world)).toMatchObject({
        primary: { used_percent: 42, window_minutes: 300, resets_at: reset },
        secondary: { used_percent: 7, window_minutes: 10_080, resets_at: reset },
      });
    } finally {
      await world.stop();
    }
  });

  it('are those that Claude Code tells of: with a plan, and from its first warning on', async () => {
    const login = { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-of-a-test' };
    const world = await startWorld('claude-code', { ...serverSettings, ...login });
    try {
      const warned = { [`${unified}-status`]: 'allowed_warning', [`${unified}-5h-surpassed-threshold`]: '0.8' };
      world.upstream.script(answerWith({ ...warned, [`${unified}-5h-utilization`]: '0.85' }));
      // Claude Code tells it after the answer, so that the next one can pass it on.
      await limitsOf(world);
      expect(await limitsOf(world)).toMatchObject({
        primary: { used_percent: 85, window_minutes: 300, resets_at: reset },
      });
    } finally {
      await world.stop();
    }
  });
});

/** The file in which Codex keeps its only session. */
const sessionOf = async (codexHome: string): Promise<string> => {
  const files = await readdir(join(codexHome, 'sessions'), { recursive: true });
  const [file] = files.filter((name) => name.endsWith('.jsonl'));
  return await readFile(join(codexHome, 'sessions', file ?? ''), 'utf8');
};
