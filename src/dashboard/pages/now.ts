/** What happens now: requests that run and wait, each with a button that ends it. Refreshes itself. */
import type { Admin } from '../../http/admin/admin.ts';
import type { RunningTurn } from '../../http/answer/running-turns.ts';
import { count, empty, facts, html, table, time, type Column } from '../html.ts';
import type { Page } from '../layout.ts';

export const nowPage = (admin: Admin): Page => {
  const { running, queued, turns } = admin.turns();
  return {
    title: 'Now',
    main: html`
      <div data-refresh="2000">
        <section id="figures" aria-label="Figures">
          ${facts([
            ['Running', count(running)],
            ['Queued', count(queued)],
          ])}
        </section>
        <section id="turns" aria-labelledby="turns-title">
          <h2 id="turns-title">Requests</h2>
          ${
            turns.length === 0
              ? empty('No request is running.', html`<code>opencode-claude-proxy connect</code> sets up a client.`)
              : table(turns, { caption: 'Requests under way', columns: TURN_COLUMNS, key: ({ id }) => id })
          }
        </section>
      </div>
    `,
  };
};

const TURN_COLUMNS: readonly Column<RunningTurn>[] = [
  { title: 'Since', cell: ({ since }) => time(since) },
  { title: 'Key', cell: ({ key }) => key },
  { title: 'Client', cell: ({ client }) => client ?? '' },
  { title: 'Asked for', cell: ({ modelAsked }) => modelAsked },
  { title: 'Model', cell: ({ model }) => model },
  {
    title: '',
    cell: ({ id }) => html`
      <form method="post" action="/dashboard/turns/${encodeURIComponent(id)}/cancel" data-inline>
        <button type="submit" id="cancel-${id}" class="danger">End</button>
      </form>
    `,
  },
];
