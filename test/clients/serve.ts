/**
 * The servers for clients in other languages: one for each engine, and beside them a door to what reached
 * the upstream. Prints one line of JSON, `{ control, engines: { NAME: URL } }`, and ends when its input ends.
 *
 *     GET  CONTROL/NAME/requests   the Messages requests since the last clear: [{ body, system, dialogue, aborted, completed }],
 *                                  `system` and `dialogue` as the functions of the conformance suite give them
 *     POST CONTROL/NAME/failure    the failure (as in `DemoAnswer`) that every request gets from now on
 *     POST CONTROL/NAME/clear      forgets requests and failure
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { DemoFailure } from '../../src/demo/answer.ts';
import { dialogueOf, engines, startWorld, systemOf, type Arrived } from '../conformance/set-up.ts';
import { apiKey, serverSettings } from './server-settings.ts';

const worlds = new Map(
  await Promise.all(engines.map(async (name) => [name as string, await startWorld(name, serverSettings)] as const)),
);

const answer = async (request: IncomingMessage): Promise<unknown> => {
  const [, name = '', action] = (request.url ?? '').split('/');
  const world = worlds.get(name);
  if (world === undefined) throw new Error(`no engine ${name}`);
  const { upstream } = world;
  if (action === 'failure') {
    const failure = (await json(request)) as DemoFailure;
    return upstream.script(() => ({ failure }));
  }
  if (action === 'clear') return upstream.clear();
  return upstream.messageRequests.map(({ body, aborted, completed }) => {
    const arrived = body as Arrived;
    return { body, aborted, completed, system: systemOf(world, arrived), dialogue: dialogueOf(arrived) };
  });
};

const control = createServer((request, response) => {
  answer(request).then(
    (found) => response.end(JSON.stringify(found ?? null)),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
}).listen(0, '127.0.0.1');
await once(control, 'listening');

const urls = Object.fromEntries([...worlds].map(([name, { server }]) => [name, server.url]));
console.log(
  JSON.stringify({
    control: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    key: apiKey,
    engines: urls,
  }),
);

process.stdin.resume();
await once(process.stdin, 'end');
control.close();
control.closeAllConnections();
await Promise.all([...worlds.values()].map((world) => world.stop()));
