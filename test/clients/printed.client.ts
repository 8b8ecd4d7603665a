/** What `connect` prints and writes, with the real client: nothing is changed but the address, and the key comes from its variable. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { configYamlSchema } from '@continuedev/config-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { clients } from '../../src/cli/connect/clients/index.ts';
import type { Target, Variant } from '../../src/cli/connect/client.ts';
import { clientModels } from '../../src/cli/connect/models.ts';
import { snippetsOf } from '../../src/cli/connect/snippet.ts';
import { abilitiesOf } from '../../src/models/catalog.ts';
import { apiKey, onEveryEngine } from './support.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const keyEnv = 'CLIENT_KEY';
const models = clientModels(Date.now());
const open: Target = { url: 'http://127.0.0.1:8080', models };

const variantOf = (clientId: string, variantId: string, target: Target): Variant => {
  const found = clients
    .find(({ id }) => id === clientId)
    ?.variants(target)
    .find(({ id }) => id === variantId);
  if (found === undefined) throw new Error(`connect knows no ${clientId} ${variantId}`);
  return found;
};
const variants = clients.flatMap((client) =>
  client.variants(open).map((variant) => [client.id, variant.id, variant] as const),
);

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'printed-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const environment = () => ({
  PATH: process.env['PATH'],
  HOME: home,
  [keyEnv]: apiKey,
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_MODELS_FETCH: '1',
  DISABLE_AUTOUPDATER: '1',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_MAX_RETRIES: '0',
});

const start = async (command: string, args: readonly string[], env: NodeJS.ProcessEnv = environment()) => {
  const project = join(home, `project-${crypto.randomUUID()}`);
  await mkdir(project);
  const running = run(command, [...args], { timeout: 110_000, cwd: project, env });
  running.child.stdin?.end();
  return (await running).stdout;
};

/** Writes the variant's file where the client looks for it. */
const place = async (variant: Variant): Promise<void> => {
  const [snippet] = snippetsOf(variant);
  const [path = ''] = variant.file?.locations({ home, platform: process.platform, env: {} }) ?? [];
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, snippet?.text ?? '');
};

/** Beside the clients, which it imports by name. */
const runModule = async (text: string, env: NodeJS.ProcessEnv): Promise<string> => {
  const file = join(import.meta.dirname, `printed-${crypto.randomUUID()}.mjs`);
  await writeFile(file, text);
  try {
    return (await run(process.execPath, [file], { timeout: 60_000, env })).stdout;
  } finally {
    await rm(file);
  }
};

const sdk = createRequire(import.meta.resolve('@anthropic-ai/claude-agent-sdk'));
const claude = sdk.resolve(`@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}/claude`);
const hello = 'Demo upstream (no model): you said: Hello';

onEveryEngine('as it is printed', (world) => {
  const target = (): Target => ({ url: world().server.url, keyEnv, models });

  it.each(variants.filter(([, , { code }]) => code?.language === 'js'))('%s, %s', async (client, id) => {
    const { code } = variantOf(client, id, target());
    expect(await runModule(code?.text ?? '', environment())).toContain(hello);
  });

  it.each([
    [
      'openai-sdk',
      "import OpenAI from 'openai'; const { data } = await new OpenAI().models.list(); console.log(data.length);",
    ],
    ['anthropic-sdk', "import A from '@anthropic-ai/sdk'; console.log((await new A().models.list()).data.length);"],
  ])('%s, shell', async (client, program) => {
    const { text = '' } = snippetsOf(variantOf(client, 'shell', target()))[0] ?? {};
    const { stdout } = await run('bash', ['-c', `${text}env -0`], { env: environment() });
    const env = Object.fromEntries(
      stdout.split('\0').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
    );
    expect(Number(await runModule(program, env))).toBeGreaterThan(0);
  });

  it.for(['anthropic', 'openai'])('opencode, %s', async (id, { skip }) => {
    // A whole program each time: what it is configured with does not depend on the engine.
    skip(world().engineName !== 'claude-code');
    await place(variantOf('opencode', id, target()));
    const opencode = join(import.meta.dirname, 'node_modules/.bin/opencode');
    expect(await start(opencode, ['run', 'Hello [[text:Good day]]'])).toContain('Good day');
  });

  it('Claude Code, shell', async ({ skip }) => {
    skip(world().engineName !== 'claude-code');
    const { text = '' } = snippetsOf(variantOf('claude-code', 'shell', target()))[0] ?? {};
    expect(await start('bash', ['-c', `${text}exec ${claude} -p Hello`])).toContain(hello);
  });

  it('Claude Code, settings', async ({ skip }) => {
    skip(world().engineName !== 'claude-code');
    await place(variantOf('claude-code', 'settings', target()));
    expect(await start(claude, ['-p', 'Hello'])).toContain(hello);
  });

  it('the first request of the README', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const text = /^```sh\n(curl .*?)^```$/msu.exec(readme)?.[1] ?? '';
    const here = text
      .replaceAll('http://127.0.0.1:8080', world().server.url)
      .replaceAll("-H 'content-type", `-H 'authorization: Bearer ${apiKey}' -H 'content-type`);
    const { stdout } = await run('bash', ['-c', here], { timeout: 60_000 });
    expect(stdout).toContain(hello);
  });
});

it.each(variants.filter(([id]) => id === 'continue'))('Continue takes its configuration: %s %s', (_, __, variant) => {
  const [snippet] = snippetsOf(variant);
  expect(configYamlSchema.safeParse(parseYaml(snippet?.text ?? '')).error?.issues ?? []).toEqual([]);
});

describe('a client that is said to be tested', () => {
  const installed = async (name: string) => {
    const file = join(import.meta.dirname, 'node_modules', name, 'package.json');
    return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
  };
  it.each([
    ['opencode', 'opencode-ai'],
    ['codex', '@openai/codex'],
    ['continue', '@continuedev/config-yaml'],
    ['openai-sdk', 'openai'],
    ['anthropic-sdk', '@anthropic-ai/sdk'],
    ['ai-sdk', 'ai'],
    ['langchain', '@langchain/openai'],
    ['langchain', '@langchain/anthropic'],
  ])('is tested in that version: %s, %s', async (id, name) => {
    const tested = clients.find((client) => client.id === id)?.tested;
    expect(tested).toMatchObject({ version: expect.stringContaining(await installed(name)) });
  });

  it('Claude Code too', async () => {
    const tested = clients.find(({ id }) => id === 'claude-code')?.tested;
    const { stdout } = await run(claude, ['--version']);
    expect(tested).toMatchObject({ version: stdout.split(' ')[0] });
  });
});

it('models are described as the catalog knows them', () => {
  for (const { id, contextTokens, maxOutputTokens, temperature, prices } of models) {
    const abilities = abilitiesOf(id);
    expect([contextTokens, maxOutputTokens]).toEqual([abilities.contextTokens, abilities.maxOutputTokens]);
    expect(temperature).toBe(abilities.sampling !== 'none');
    expect(prices?.input).toBeGreaterThan(0);
  }
});
