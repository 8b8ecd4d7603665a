/** The demo upstream in a process of its own. */
import type { DemoRequestBody } from '../../../src/demo/answer.ts';
import { startDemoUpstream } from '../../../src/demo/upstream.ts';
import { untilAlone } from './parent.ts';

await untilAlone(async () => {
  const upstream = await startDemoUpstream({ keepRequests: 10 });
  const text = process.env['BENCH_ANSWER'];
  if (text) upstream.script((body) => (hasDirective(body) ? undefined : { content: [{ type: 'text', text }] }));
  return { url: upstream.url, close: () => upstream.close() };
});

function hasDirective({ messages }: DemoRequestBody): boolean {
  return JSON.stringify(messages.at(-1)).includes('[[');
}
