/** Faults that no code handles, while the answers of other clients run. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { until } from '../http/scripted-engine.ts';
import { chat } from '../http/set-up.ts';
import { claudeCodeTo, directTo, endAfterEach, listening, logOf, post, start } from './spawned-server.ts';

let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(() => upstream.close());
endAfterEach();

/** A server in which SIGUSR2 brings about a fault. */
const faulty = (fault: string) =>
  start(directTo(upstream), {
    flags: ['--import', `data:text/javascript,process.on('SIGUSR2',()=>setImmediate(()=>{${fault}}))`],
  });
const slowly = chat({
  stream: true,
  messages: [{ role: 'user', content: '[[slow:200]] [[text:one two three four five]]' }],
});

it('a promise that failed and that nobody waited for is logged, and everything goes on', async () => {
  const server = faulty("Promise.reject(new Error('stray'))");
  const url = await listening(server);
  const answer = await post(url, slowly);
  server.child.kill('SIGUSR2');
  await until(() => server.output.out.includes('stray'));
  expect(await answer.text()).toMatch(/five[\s\S]*\[DONE\]/);
  expect((await post(url, chat())).status).toBe(200);
  expect(logOf(server).filter(({ level }) => level === 'error')).toMatchObject([{ err: { message: 'stray' } }]);
});

it('after an exception outside of any promise running answers finish, and then the server ends with 1', async () => {
  const server = faulty("throw new Error('stray')");
  const url = await listening(server);
  const answer = await post(url, slowly);
  server.child.kill('SIGUSR2');
  await until(() => server.output.out.includes('stray'));
  expect(await answer.text()).toMatch(/five[\s\S]*\[DONE\]/);
  expect((await server.exit)[0]).toBe(1);
});

it('a server that runs out of files refuses what needs them, and lives', async () => {
  const server = start(claudeCodeTo(upstream, { MAX_PROCESSES: '20', MAX_CONCURRENCY: '20' }), { openFiles: 60 });
  const url = await listening(server);
  await expect.poll(async () => (await fetch(`${url}/ready`)).status, { timeout: 30_000 }).toBe(200);
  const answers = await Promise.all(
    Array.from({ length: 14 }, async (_, index) => {
      const answer = await post(url, chat({ messages: [{ role: 'user', content: `Question ${index}` }] })).catch(
        () => undefined,
      );
      await answer?.text();
      return answer?.status;
    }),
  );
  // Undefined where not even a connection could be had.
  for (const status of answers) expect([200, 502, 503, undefined]).toContain(status);
  expect(answers).toContain(200);
  await expect.poll(async () => (await fetch(`${url}/live`)).status, { timeout: 30_000 }).toBe(200);
  expect(server.child.exitCode).toBeNull();
});
