/**
 * The database for the server in the container. A container cannot call its Durable Object, so the object opens a
 * stream from the server, on which statements come, one line of JSON each, and brings each answer with a request.
 */
import type { ContainerLife } from '../instance/container.ts';
import type { StatementsAnswer } from './store-keeper.ts';

export interface ServeDatabase {
  readonly container: Pick<ContainerLife, 'fetch' | 'running'>;
  readonly headers: () => Record<string, string>;
  readonly run: (statements: string) => Promise<StatementsAnswer>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

const RETRY_MS = 200;

/** As long as the container runs: a stream that breaks is opened again. */
export const serveDatabase = async (parts: ServeDatabase): Promise<void> => {
  const { container, sleep, onFailure } = parts;
  while (container.running) {
    await serveOnce(parts).catch((error: unknown) => {
      if (container.running) onFailure(error);
    });
    await sleep(RETRY_MS);
  }
};

/** Resolves when the stream has ended; throws where there is none. */
const serveOnce = async ({ container: { fetch }, headers, run, onFailure }: ServeDatabase): Promise<void> => {
  const response = await fetch('/internal/database', { headers: headers() });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status} where its statements were expected`);
  }
  const answer = async (line: string): Promise<void> => {
    const { id, statements } = JSON.parse(line) as { readonly id: string; readonly statements: string };
    const { status, json } = await run(statements).catch((error: unknown) => ({
      status: 503,
      json: JSON.stringify({ error: String(error) }),
    }));
    const taken = await fetch(`/internal/database/${id}?status=${status}`, {
      method: 'POST',
      headers: headers(),
      body: json,
    });
    await taken.arrayBuffer();
  };
  for await (const line of linesOf(response.body)) answer(line).catch(onFailure);
};

/** Lines that are empty are signs of life. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}
