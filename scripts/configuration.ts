/**
 * Writes docs/CONFIGURATION.md from the table of settings.
 * `--check` writes nothing and fails when the file is not what the table says.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { settingRows, type SettingsTable } from '../src/settings/parse-settings.ts';
import { serverSettings } from '../src/settings/server-settings.ts';
import { edgeSettings } from '../src/settings/worker-settings.ts';

const file = new URL('../docs/CONFIGURATION.md', import.meta.url);

const tableOf = (table: SettingsTable): string =>
  [
    '| setting | default | meaning |',
    '| --- | --- | --- |',
    ...settingRows(table).map(
      ({ name, fallback, meaning }) =>
        `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${meaning.replaceAll('|', '\\|')} |`,
    ),
  ].join('\n');

const markdown = `# Configuration

<!-- Written by scripts/configuration.ts from src/settings; do not edit by hand. -->

Settings come from the environment, and from a \`.env\` file in the working directory; where both have one, the
environment counts. Empty means unset. All problems are reported together at start, and then the server does not start.

${tableOf(serverSettings)}

## On Cloudflare

The Worker reads these too, as variables of wrangler.jsonc or as secrets. Every other variable is a setting of the server in
the container, under its name above.

${tableOf(edgeSettings)}

## Logins

The first that is set is used, and named at start; the others are named as not used.

| order | setting | what it is |
| --- | --- | --- |
| 1 | \`CLAUDE_CODE_OAUTH_TOKEN\` | a token from \`npm run claude -- setup-token\` |
| 2 | \`CLAUDE_OAUTH_CREDS\` | the JSON of Claude Code's \`.credentials.json\`; written with mode 0600 below \`STATE_DIR\`, where Claude Code refreshes it |
| 3 | \`ANTHROPIC_API_KEY\` | an API key from https://platform.claude.com |
| 4 | \`ANTHROPIC_AUTH_TOKEN\` | a bearer token, for gateways |
| 5 | \`CLAUDE_CODE_USE_BEDROCK=1\` | Amazon Bedrock, with its \`AWS_*\` variables or profiles |
| 6 | \`CLAUDE_CODE_USE_VERTEX=1\` | Google Vertex AI, with \`CLOUD_ML_REGION\`, \`ANTHROPIC_VERTEX_PROJECT_ID\` and Google's variables |
| 7 | \`CLAUDE_CODE_USE_FOUNDRY=1\` | Microsoft Foundry, with its \`ANTHROPIC_FOUNDRY_*\` and \`AZURE_*\` variables |
| 8 | none | the login of Claude Code on this machine (\`npm run claude -- auth login\`) |

\`ENGINE=anthropic-api\` works with 3 and 4 only. \`ANTHROPIC_BASE_URL\`, \`HTTP_PROXY\`, \`HTTPS_PROXY\`, \`NO_PROXY\`,
\`NODE_EXTRA_CA_CERTS\`, \`SSL_CERT_FILE\` and \`SSL_CERT_DIR\` reach Claude Code; nothing else of the environment does but
\`PATH\`, the locale, the time zone and the temporary directory. \`ENGINE=anthropic-api\` goes by the same variables, except that it
reaches addresses of this machine without a proxy.
`;

if (process.argv.includes('--check')) {
  const found = await readFile(file, 'utf8').catch(() => '');
  if (found !== markdown) {
    console.error('docs/CONFIGURATION.md is not what src/settings says: run node scripts/configuration.ts');
    process.exit(1);
  }
} else await writeFile(file, markdown);
