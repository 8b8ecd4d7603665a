/** The server's end of the database behind the Worker: which statements wait, which fail, and for what. */
import { afterEach, expect, it } from 'vitest';
import { DatabaseChannel } from '../../src/node/database/database-channel.ts';

const channels: DatabaseChannel[] = [];
afterEach(() => channels.splice(0).forEach((channel) => channel.close()));

const newChannel = async () => {
  const channel = new DatabaseChannel();
  channels.push(channel);
  const { db } = await channel.connect();
  return { channel, ask: () => db.selectFrom('proxy_claims').selectAll().execute() };
};

interface Line {
  readonly id: string;
  readonly statements: string;
}

const reader = (channel: DatabaseChannel) => {
  const body = channel.open().body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  return {
    next: async (): Promise<Line> => {
      for (;;) {
        const [line, ...others] = rest.split('\n');
        if (others.length > 0) rest = others.join('\n');
        if (others.length > 0 && line !== '') return JSON.parse(line ?? '') as Line;
        if (others.length > 0) continue;
        const { value, done } = await body.read();
        if (done) throw new Error('the stream has ended');
        rest += value;
      }
    },
    cancel: () => body.cancel(),
  };
};

const rows = (at: number) => Response.json({ results: [{ rows: [{ id: 'a', at }], changes: 1 }] });

it('sends a statement that came before the stream, and gives each its own answer', async () => {
  const { channel, ask } = await newChannel();
  const first = ask();
  const stream = reader(channel);
  const one = await stream.next();
  expect(one.statements).toContain('proxy_claims');
  const second = ask();
  const two = await stream.next();
  expect(channel.answer(two.id, rows(2))).toBe(true);
  expect(channel.answer(one.id, rows(1))).toBe(true);
  expect([await first, await second]).toEqual([[{ id: 'a', at: 1 }], [{ id: 'a', at: 2 }]]);
  expect(channel.answer(one.id, rows(3))).toBe(false);
});

it('fails what was sent on a stream that is lost, and nothing else', async () => {
  const { channel, ask } = await newChannel();
  const stream = reader(channel);
  const lost = expect(ask()).rejects.toThrow('The connection to the database was lost.');
  await stream.next();
  await stream.cancel();
  await lost;
  const later = ask();
  const next = reader(channel);
  channel.answer((await next.next()).id, rows(4));
  expect(await later).toEqual([{ id: 'a', at: 4 }]);
});

it('passes on what the database says of a statement that it refuses', async () => {
  const { channel, ask } = await newChannel();
  const stream = reader(channel);
  const refused = expect(ask()).rejects.toThrow('no such table: proxy_claims');
  channel.answer((await stream.next()).id, Response.json({ error: 'no such table: proxy_claims' }, { status: 422 }));
  await refused;
});

it('fails at once what waits when the server ends', async () => {
  const { channel, ask } = await newChannel();
  const ended = expect(ask()).rejects.toThrow('The server is ending.');
  channel.close();
  await ended;
});
