/** A server that holds processes in several states and waits to be killed. Argument: a file with the engine's options. */
import { readFileSync } from 'node:fs';
import { createClaudeEngine, type ClaudeEngineOptions } from '../../../src/engines/claude/engine.ts';
import type { Message } from '../../../src/turn/turn.ts';
import { png } from './png.ts';
import { turnOf } from './support.ts';

const ignore = (): void => undefined;
const options = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ClaudeEngineOptions;
const engine = createClaudeEngine({ ...options, log: { debug: ignore, info: ignore, warn: ignore, error: ignore } });

const ask = async (messages: Message[]): Promise<void> => {
  const tools = [{ name: 'read', input_schema: { type: 'object' as const } }];
  for await (const _ of engine.run(turnOf({ messages, tools }), new AbortController().signal));
};

const running = Promise.withResolvers<void>();
void (async () => {
  for await (const event of engine.run(
    turnOf({ messages: [{ role: 'user', content: '[[tokens:1000]] [[slow:1000]]' }] }),
    new AbortController().signal,
  )) {
    if (event.type === 'content_block_delta') running.resolve();
  }
})();
await running.promise;
await ask([{ role: 'user', content: 'Look [[tool:read {}]]' }]);
await ask([
  { role: 'user', content: [png(2_100, 1_000), { type: 'text', text: 'What is it?' }] },
  { role: 'assistant', content: 'White.' },
  { role: 'user', content: 'Sure?' },
]);
process.stdout.write('ready\n');
