/**
 * The cases of the store's suite inside Durable Objects: each runs in an object of its own. `/sqlite/<name>` is the database
 * of an object, for servers outside.
 */
import { DurableObject } from 'cloudflare:workers';
import { connectDurableObject, openDurableObject } from '../../../src/store/database/durable-object.ts';
import { answerSqlite } from '../../../src/store/database/remote-sqlite.ts';
import { allCases } from '../../store/cases.ts';
import { createLab } from '../../store/lab.ts';

interface Env {
  readonly CASES: DurableObjectNamespace<CaseRunner>;
}

export class CaseRunner extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    if (nameIn(request) !== undefined) return await answerSqlite(connectDurableObject(this.ctx.storage), request);
    const { subject, name } = await request.json<{ subject: string; name: string }>();
    const run = allCases[subject]?.[name];
    if (run === undefined) return Response.json({ error: 'There is no such case.' });
    const lab = createLab(() => Promise.resolve(openDurableObject(this.ctx.storage)), equal);
    try {
      await run(lab);
      return Response.json({});
    } catch (error) {
      return Response.json({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    } finally {
      await lab.close();
    }
  }
}

export default {
  fetch: (request: Request, { CASES }: Env) => {
    const name = nameIn(request);
    return (name === undefined ? CASES.get(CASES.newUniqueId()) : CASES.getByName(name)).fetch(request);
  },
};

const nameIn = (request: Request): string | undefined => /^\/sqlite\/(.+)$/u.exec(new URL(request.url).pathname)?.[1];

const equal = (actual: unknown, expected: unknown): void => {
  const [is, should] = [stable(actual), stable(expected)];
  if (is !== should) throw new Error(`is ${is}\nshould be ${should}`);
};

/** Members in one order; those that are undefined do not count. */
const stable = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
