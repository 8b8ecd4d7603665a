/** The cases of the store's suite inside Durable Objects: each runs in an object of its own. */
import { DurableObject } from 'cloudflare:workers';
import { openDurableObject } from '../../../src/store/database/durable-object.ts';
import { allCases } from '../../store/cases.ts';
import { createLab } from '../../store/lab.ts';

interface Env {
  readonly CASES: DurableObjectNamespace<CaseRunner>;
}

export class CaseRunner extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
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
  fetch: (request: Request, env: Env) => env.CASES.get(env.CASES.newUniqueId()).fetch(request),
};

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
