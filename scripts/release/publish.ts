/** `npm run release:publish`, in the workflow: to npm with provenance, as the package of the repository that it runs in. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { withRepository } from './texts.ts';

const text = readFileSync('package.json', 'utf8');
writeFileSync('package.json', withRepository(text, process.env));
try {
  execFileSync('changeset', ['publish'], { stdio: 'inherit' });
} finally {
  writeFileSync('package.json', text);
}
