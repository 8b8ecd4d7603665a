/**
 * Writes docs/CLIENTS.md, and the part of README.md that is about clients, from src/cli/connect/clients.
 * `--check` writes nothing and fails when a file is not what the data says.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { clients } from '../src/cli/connect/clients/index.ts';
import type { Client, Machine, Target, Tested, Variant } from '../src/cli/connect/client.ts';
import { clientModels } from '../src/cli/connect/models.ts';
import { snippetsOf } from '../src/cli/connect/snippet.ts';

const target: Target = { url: 'http://127.0.0.1:8080', models: clientModels(Date.now()) };
const everybody: Machine = { home: '~', platform: 'linux', env: {} };

/** The page, and the tests of what it prints. */
export const clientsMarkdown = (): string =>
  [
    `# Clients

<!-- Written by scripts/clients.ts from src/cli/connect/clients; do not edit by hand. -->

\`opencode-claude-proxy connect <client>\` prints what is on this page for your address and key. With \`--write\` it puts it into the
client's own file, after showing the difference and with a backup; \`--undo\` takes that back. \`connect --list\` shows which clients are
installed here, and \`doctor --client <client>\` what is wrong with a configuration.

The base URL is \`${target.url}/v1\` for OpenAI clients and \`${target.url}\` for Anthropic clients. Where \`PROXY_API_KEY\` is set,
that key takes the place of \`any\`: \`connect\` then writes a reference to a variable (\`--key-env\`), never the key.`,
    overview(),
    ...clients.map((client) => section(client)),
  ].join('\n\n');

const overview = (): string =>
  [
    '| client | API | tested |',
    '| --- | --- | --- |',
    ...clients.map((client) => {
      const apis = [...new Set(client.variants(target).map(({ api }) => api))].join(', ');
      return `| [${client.name}](#${anchor(client.name)}) | ${apis} | ${testedCell(client.tested)} |`;
    }),
  ].join('\n');

const HOW = {
  run: 'as printed, by a test',
  schema: 'against its schema, by a test',
  'by hand': 'by hand',
} as const;

const testedCell = (tested: Tested): string =>
  tested.how === 'documentation'
    ? `not here; from documentation, ${tested.date}`
    : `${tested.version}, ${tested.date}, ${HOW[tested.how]}`;

const section = (client: Client): string =>
  [
    `## ${client.name}`,
    ...client.variants(target).map((variant) => variantText(variant)),
    ...(client.notes === undefined ? [] : [client.notes.map((note) => `- ${note}`).join('\n')]),
    `[Its own documentation](${client.documentation})`,
  ].join('\n\n');

const variantText = (variant: Variant): string =>
  [
    `**${variant.title}** (${variant.api})${placeOf(variant)}`,
    ...snippetsOf(variant).map(({ language, text }) => fenced(language, text)),
    ...((variant.steps ?? []).length === 0 ? [] : [stepsText(variant.steps ?? [])]),
  ].join('\n\n');

const placeOf = ({ file }: Variant): string => {
  const [first] = file?.locations(everybody) ?? [];
  return first === undefined ? '' : `, in \`${first}\``;
};

const stepsText = (steps: readonly string[]): string =>
  steps.length === 1 ? `Then ${steps[0]}.` : steps.map((step, index) => `${index + 1}. ${step}`).join('\n');

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\`\`\``;

/** As GitHub makes it. */
const anchor = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^\w\s-]/gu, '')
    .replaceAll(' ', '-');

const START = '<!-- clients: written by scripts/clients.ts -->';
const END = '<!-- /clients -->';

/** The four that are used most; opencode with one model. */
const readmePart = (): string => {
  const short = { ...target, models: target.models.slice(0, 1) };
  const part = (id: string, variantId: string, to = target): string => {
    const client = clients.find((each) => each.id === id);
    const variant = client?.variants(to).find((each) => each.id === variantId);
    if (client === undefined || variant === undefined) throw new Error(`no ${id} ${variantId}`);
    const steps = (variant.steps ?? []).length === 0 ? '' : `; then ${(variant.steps ?? []).join(', ')}`;
    return [
      `**[${client.name}](docs/CLIENTS.md#${anchor(client.name)})**${placeOf(variant)}${steps}`,
      ...snippetsOf(variant).map(({ language, text }) => fenced(language, text)),
    ].join('\n\n');
  };
  const others = clients.map(({ name }) => `[${name}](docs/CLIENTS.md#${anchor(name)})`).join(', ');
  return [
    START,
    part('opencode', 'anthropic', short),
    part('claude-code', 'shell'),
    part('codex', 'config'),
    part('openai-sdk', 'python'),
    `All of them, each with what surprises and the version it was tested with: ${others}.`,
    END,
  ].join('\n\n');
};

const withPart = (readme: string): string => {
  const [before = '', rest = ''] = readme.split(START);
  const [, after] = rest.split(END);
  if (after === undefined) throw new Error('README.md has lost the marks of its part about clients');
  return before + readmePart() + after;
};

const main = async (): Promise<void> => {
  const page = new URL('../docs/CLIENTS.md', import.meta.url);
  const readmeFile = new URL('../README.md', import.meta.url);
  const readme = await readFile(readmeFile, 'utf8');
  const wanted = [
    [page, `${clientsMarkdown()}\n`],
    [readmeFile, withPart(readme)],
  ] as const;
  if (!process.argv.includes('--check')) {
    for (const [file, text] of wanted) await writeFile(file, text);
    return;
  }
  for (const [file, text] of wanted)
    if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
      console.error(`${file.pathname} is not what src/cli/connect/clients says: run node scripts/clients.ts`);
      process.exitCode = 1;
    }
};

if (import.meta.main) await main();
