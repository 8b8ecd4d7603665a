/** What happens now: requests that run and wait, each with a button that ends it, and the processes behind them. */
import type { Admin } from '../../http/admin/admin.ts';
import type { RunningTurn } from '../../http/answer/running-turns.ts';
import type { EngineProcess } from '../../turn/engine.ts';
import { bytes, count, duration, empty, facts, html, nothing, table, time, type Column, type Html } from '../html.ts';
import type { Page } from '../layout.ts';

/** `address`: where clients reach this server. */
export const nowPage = async (
  admin: Admin,
  { address, now }: { readonly address: string; readonly now: number },
): Promise<Page> => {
  const [{ running, queued, turns }, processes] = await Promise.all([admin.turns(), admin.processes()]);
  return {
    title: 'Now',
    main: html`
      <label class="choice"><input type="checkbox" id="pause" /> Stop refreshing this page</label>
      <div data-refresh="2000">
        <section id="figures" aria-label="Figures">
          ${facts([
            ['Running', count(running)],
            ['Waiting in the queue', count(queued)],
            ...(processes.length > 0 ? [['Processes', count(processes.length)] as const] : []),
          ])}
        </section>
        <section id="turns" aria-labelledby="turns-title">
          <h2 id="turns-title">Requests</h2>
          ${
            turns.length === 0
              ? firstSteps(address)
              : table(turns, { caption: 'Requests under way', columns: turnColumns(now), key: ({ id }) => id })
          }
        </section>
        ${processes.length === 0 ? nothing : processSection(processes)}
      </div>
    `,
  };
};

const firstSteps = (address: string): Html =>
  empty(
    'No request runs at the moment.',
    html`Clients reach this server at <code data-address>${address}</code>, those of OpenAI’s API at
      <code data-address="/v1">${address}/v1</code>. <code>opencode-claude-proxy connect</code> sets one up.`,
  );

const turnColumns = (now: number): readonly Column<RunningTurn>[] => [
  { title: 'Asked for', cell: ({ modelAsked }) => modelAsked },
  { title: 'Answered by', cell: ({ model }) => model },
  { title: 'Key', cell: ({ key }) => key },
  { title: 'Client', cell: ({ client }) => client ?? 'unknown' },
  { title: 'API', cell: ({ dialect }) => dialect },
  { title: 'Since', cell: ({ since }) => time(since, 'second') },
  {
    title: 'State',
    cell: ({ since, startedAt }) =>
      startedAt === undefined ? `waits, ${duration(now - since)}` : `runs, ${duration(now - startedAt)}`,
  },
  {
    title: 'Action',
    cell: ({ id, modelAsked }) => html`
      <form method="post" action="/dashboard/turns/${encodeURIComponent(id)}/cancel" data-inline>
        <button type="submit" id="end-${id}" class="danger" aria-label="End the request for ${modelAsked}">End</button>
      </form>
    `,
  },
];

const processSection = (processes: readonly EngineProcess[]): Html => html`
  <section id="processes" aria-labelledby="processes-title">
    <h2 id="processes-title">Processes</h2>
    ${table(processes, {
      caption: 'Processes of Claude Code and what they hold',
      columns: PROCESS_COLUMNS,
      key: ({ id }) => `process-${id}`,
    })}
    <p class="help">
      A conversation stays in its process while nobody else needs it: its next request is faster and costs less. Any
      process can serve any conversation.
    </p>
  </section>
`;

const PROCESS_COLUMNS: readonly Column<EngineProcess>[] = [
  { title: 'Process', cell: ({ id }) => id },
  { title: 'State', cell: ({ state, stateSeconds }) => `${STATES[state]}, ${duration(stateSeconds * 1000)}` },
  { title: 'Model', cell: ({ model }) => model || 'any' },
  {
    title: 'Holds',
    cell: ({ messages, waitingCalls }) =>
      messages === 0
        ? 'nothing'
        : `${messages} messages${waitingCalls === 0 ? '' : `, ${waitingCalls} calls without a result`}`,
  },
  { title: 'Turns served', cell: ({ turnsServed }) => count(turnsServed), numeric: true },
  {
    title: 'Memory',
    cell: ({ memoryBytes }) => (memoryBytes === undefined ? 'unknown' : bytes(memoryBytes)),
    numeric: true,
  },
];

const STATES = {
  running: 'answers',
  idle: 'idle',
  waiting: 'waits for the client’s tools',
  ending: 'ends',
} as const;
