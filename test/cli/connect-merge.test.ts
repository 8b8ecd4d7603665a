/** How entries get into files that people wrote: comments, order and everything else in them stays. */
import fc from 'fast-check';
import { parse as parseJsonc } from 'jsonc-parser';
import { parse as parseToml } from '@decimalturn/toml-patch';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { clients } from '../../src/cli/connect/clients/index.ts';
import type { ConfigFile, Entry, Target } from '../../src/cli/connect/client.ts';
import { MergeError } from '../../src/cli/connect/merge/editable-text.ts';
import { mergeEntries } from '../../src/cli/connect/merge/merge.ts';
import { snippetsOf } from '../../src/cli/connect/snippet.ts';
import { clientModels } from '../../src/cli/connect/models.ts';

const target: Target = { url: 'http://127.0.0.1:8080', models: clientModels(Date.UTC(2026, 10, 24)) };
const closed: Target = { ...target, url: 'https://claude.example.com', keyEnv: 'CLAUDE_KEY' };

const fileOf = (id: string, variantId?: string, to = target): ConfigFile => {
  const variants = clients.find((client) => client.id === id)?.variants(to) ?? [];
  const file = variants.find((each) =>
    variantId === undefined ? each.file !== undefined : each.id === variantId,
  )?.file;
  if (file === undefined) throw new Error(`${id} has no file`);
  return file;
};
const read = { json: (text: string): unknown => parseJsonc(text), yaml: parseYaml, toml: parseToml };

const withFiles = clients.flatMap((client) =>
  [target, closed].flatMap((to) =>
    client.variants(to).flatMap(({ id, file }) => (file === undefined ? [] : [[client.id, id, to.url, file] as const])),
  ),
);

describe.each(withFiles)('%s, %s, for %s', (_, __, url, file) => {
  it('is whole in a new file, and a second run changes nothing', () => {
    const { text, kept } = mergeEntries(undefined, file);
    expect(read[file.format](text)).toBeTruthy();
    expect(text).toContain(url);
    expect(kept).toEqual([]);
    const again = mergeEntries(text, file);
    expect([again.text, again.changes]).toEqual([text, []]);
  });
});

it.each(clients.map((client) => [client.id, client] as const))(
  '%s has something to do in every variant',
  (_, client) => {
    for (const to of [target, closed])
      for (const variant of client.variants(to)) {
        const all = [...snippetsOf(variant).map(({ text }) => text), ...(variant.steps ?? [])].join('\n');
        expect(all.length).toBeGreaterThan(0);
        if (to.keyEnv !== undefined) expect(all).not.toContain("'any'");
      }
    expect(new Set(client.variants(target).map(({ id }) => id)).size).toBe(client.variants(target).length);
  },
);

/** Files as people have them. */
const opencodeJsonc = `// my opencode
{
    "$schema": "https://opencode.ai/config.json",
    "theme": "gruvbox", // dark
    "model": "anthropic/claude-opus-5", /* the big one */
    "provider": {
        // at work
        "ollama": { "npm": "@ai-sdk/openai-compatible", "options": { "baseURL": "http://gpu:11434/v1" } },
    },
}
`;
const codexToml = `# Codex, mine
approval_policy = "on-request" # careful
model = "gpt-5.5"

[mcp_servers.docs]
command = "npx" # local
args = [
  "-y",
  "docs-mcp", # pinned later
]

[model_providers.azure]
name = "Azure"
base_url = "https://x.openai.azure.com/openai"

[features]
web = true
`;
const continueYaml = `# Continue
name: My assistant
version: 0.0.1
schema: v1
models:
# local ones first
- name: Llama
  provider: ollama
  model: llama3 # small
  roles: [chat]
context:
- provider: code
`;
const zedJsonc = `// Zed settings
{
\t"vim_mode": true,
\t"language_models": {
\t\t"ollama": { "api_url": "http://localhost:11434" }, // home
\t},
}
`;
const vscodeJson = `[
  { "name": "Mine", "vendor": "customendpoint", "apiKey": "\${input:x}", "models": [] }
]
`;

describe.each([
  ['opencode', undefined, opencodeJsonc],
  ['opencode', 'openai', opencodeJsonc],
  ['codex', undefined, codexToml],
  ['codex', undefined, codexToml.replaceAll('\n', '\r\n')],
  ['continue', undefined, continueYaml],
  ['zed', undefined, zedJsonc],
  ['zed', 'openai', zedJsonc],
  ['vscode', undefined, vscodeJson],
  [
    'claude-code',
    'settings',
    '{\n  "permissions": { "allow": ["Bash(ls:*)"] },\n  "env": {\n    "FOO": "bar"\n  }\n}\n',
  ],
  ['aider', 'config', '# aider\nauto-commits: false # by hand\nread: [CONVENTIONS.md]\n'],
  [
    'librechat',
    undefined,
    '# mine\nversion: 1.2.8\ncache: true\nendpoints:\n  assistants:\n    disableBuilder: false # x\n',
  ],
  [
    'raycast',
    undefined,
    'providers:\n  - id: other\n    name: Other # keep\n    base_url: https://o.example\n    models: []\n',
  ],
])('%s %s, in a file that people wrote', (id, variant, before) => {
  const file = fileOf(id, variant);
  const { text, changes } = mergeEntries(before, file);

  it('keeps every line', () => {
    const lines = text.split('\n').map((line) => line.trimEnd().replace(/,$/u, ''));
    for (const line of before.split('\n').map((each) => each.trimEnd().replace(/,$/u, '')))
      expect(lines).toContain(line);
  });

  it('has what belongs there, and a second run changes nothing', () => {
    expect(text).toContain('http://127.0.0.1:8080');
    expect(changes.length).toBeGreaterThan(0);
    const again = mergeEntries(text, file);
    expect([again.text, again.changes]).toEqual([text, []]);
  });

  it('goes to another address without another entry', () => {
    const moved = mergeEntries(text, fileOf(id, variant, closed)).text;
    expect(moved).toContain('https://claude.example.com');
    expect(moved).not.toContain('127.0.0.1:8080');
    const count = (whole: string, word: string) => whole.split(word).length;
    for (const word of ['claude-proxy"', 'name: Claude', '[model_providers.claude]', '"Claude"'])
      expect(count(moved, word), word).toBe(count(text, word));
  });

  it('keeps line ends and a file that ends with a line', () => {
    expect(text.includes('\r\n')).toBe(before.includes('\r\n'));
    if (before.includes('\r\n')) expect(text.replaceAll('\r\n', '')).not.toContain('\n');
    expect(text.endsWith('\n')).toBe(true);
  });
});

describe('a choice of the user', () => {
  it.each([
    ['opencode', opencodeJsonc, ['model'], /anthropic\/claude-opus-5/u, /"model": "claude-proxy\//u],
    ['codex', codexToml, ['model'], /^model = "gpt-5.5"$/mu, /^model_provider = "claude"$/mu],
  ])('of %s stays with all that belongs to it, unless ours is asked for', (id, before, kept, theirs, ours) => {
    const merged = mergeEntries(before, fileOf(id));
    expect(merged.kept).toEqual(kept);
    expect(merged.text).toMatch(theirs);
    expect(merged.text).not.toMatch(ours);
    const replaced = mergeEntries(before, fileOf(id), { replaceChoices: true });
    expect([replaced.kept, replaced.text]).toEqual([[], expect.stringMatching(ours)]);
    expect(replaced.text).not.toMatch(theirs);
  });

  it('inside of our own provider stays too', () => {
    const file = fileOf('opencode');
    const mine = mergeEntries(undefined, file).text.replace(
      '"models": {',
      '"models": {\n        // mine\n        "own": { "name": "Own" },',
    );
    expect(mergeEntries(mine, file)).toMatchObject({ text: mine, changes: [] });
  });
});

describe('what cannot be merged is refused, with the place', () => {
  const json = (entries: readonly Entry[]): Pick<ConfigFile, 'format' | 'entries'> => ({ format: 'json', entries });
  it.each([
    ['{ "a": ', json([{ path: ['b'], value: 1 }]), /not JSON.*line 1/u],
    ['a = ', fileOf('codex'), /not TOML/u],
    ['a: [', fileOf('continue'), /not YAML/u],
    ['{ "provider": 3 }', fileOf('opencode'), /^provider holds something else/u],
    ['{ "provider": null }', fileOf('opencode'), /^provider holds something else/u],
    ['{ "provider": [] }', fileOf('opencode'), /^provider holds something else/u],
    ['{}', fileOf('vscode'), /^the whole is not a list/u],
    ['models: yes\n', fileOf('continue'), /^models is not a list/u],
    ['[]', fileOf('opencode'), /^the whole is no object/u],
    ['- a\n', fileOf('continue'), /^the whole is no object/u],
    ['model_providers = 1\n', fileOf('codex'), /^model_providers holds something else/u],
  ])('%s', (before, file, message) => {
    const work = () => mergeEntries(before, file);
    expect(work).toThrow(MergeError);
    expect(work).toThrow(message);
  });
});

/** TOML has no null; keys are such as people use. */
const key = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/u).filter((each) => each !== 'provider' && each !== 'features');
const leaf = fc.oneof(
  fc.string({ maxLength: 12, unit: 'grapheme-ascii' }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.boolean(),
);
const settings = fc.dictionary(
  key,
  fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(key, leaf, { maxKeys: 3 })),
  { maxKeys: 5 },
);

it('loses nothing of any JSON file, and is done after once', () => {
  fc.assert(
    fc.property(settings, fc.integer({ min: 1, max: 8 }), (found, indent) => {
      const file = fileOf('opencode');
      const before = JSON.stringify(found, undefined, indent);
      const { text } = mergeEntries(before, file);
      expect(parseJsonc(text)).toMatchObject(found);
      expect(mergeEntries(text, file).changes).toEqual([]);
    }),
  );
});
