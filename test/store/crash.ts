/** Kills a writer of the ledger again and again, and looks at what it has left. For SQLite and Postgres alike. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { numbered } from './summaries.ts';

const writer = fileURLToPath(new URL('programs/writer.ts', import.meta.url));

/** Runs a writer from a number on, and kills it once it has written so many batches. Resolves to what it said was written. */
export const killedWriter = async (
  database: string,
  { first, reports }: { first: number; reports: number },
): Promise<number> => {
  const child = spawn(process.execPath, [writer, database, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let written = first;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    written = Number(/^written (\d+)$/u.exec(line)?.[1] ?? written);
    seen += 1;
    // In the middle of its work: it goes on writing while this line is read.
    if (seen === reports) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return written;
};

/** Every number up to the one that was said to be written is there, each once and whole, with its body. */
export const expectWhole = async (store: Store, written: number): Promise<void> => {
  const found = new Map<string, unknown>();
  let cursor: string | undefined;
  do {
    const page = await store.ledger.requests({}, { limit: 5_000, ...(cursor !== undefined && { cursor }) });
    for (const request of page.requests) {
      expect(found.has(request.id), request.id).toBe(false);
      found.set(request.id, request);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  for (const [id, request] of found) expect(request).toEqual(numbered(Number(id.slice('req_'.length))));
  for (let n = 1; n <= written; n += 1) expect(found.has(`req_${n}`), `req_${n}`).toBe(true);
  const { db } = await store.open();
  const bodies = await db.selectFrom('proxy_contents').select(['request_id', 'request']).execute();
  expect(bodies.length).toBe(found.size);
  for (const { request_id: id, request } of bodies) expect(request).toBe(`body ${id.slice('req_'.length)}`);
};
