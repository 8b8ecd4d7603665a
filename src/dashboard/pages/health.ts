/** How the server is: what is wrong, what can be done about it, and its figures. */
import type { Admin, ShownHealth } from '../../http/admin/admin.ts';
import { count, duration, facts, html, nothing, table, type Html } from '../html.ts';
import type { Page } from '../layout.ts';

export const healthPage = async (admin: Admin): Promise<Page> => {
  const health = await admin.health();
  const { status, problems, gauges, version, engine, login, uptimeSeconds, requests } = health;
  return {
    title: 'Health',
    main: html`
      <div data-refresh="5000">
        <p class="${STATUS[status].look}"><strong>${STATUS[status].words}</strong></p>
        ${problems.length === 0 ? nothing : problemList(problems)}
        <section id="figures" aria-labelledby="figures-title">
          <h2 id="figures-title">This server</h2>
          ${facts([
            ['Version', version],
            ['Engine', engine],
            ['Login', login],
            ['Runs for', duration(uptimeSeconds * 1000)],
            ['Requests running', count(requests.running)],
            ['Requests waiting', count(requests.queued)],
            ...ledgerFacts(health),
          ])}
        </section>
        <section id="gauges" aria-labelledby="gauges-title">
          <h2 id="gauges-title">The engine’s figures</h2>
          ${table(Object.entries(gauges), {
            caption: 'Figures of the engine',
            columns: [
              { title: 'Figure', cell: ([name]) => name.replaceAll('_', ' ') },
              { title: 'Value', cell: ([, value]) => count(value), numeric: true },
            ],
            key: ([name]) => name,
          })}
        </section>
      </div>
    `,
  };
};

const STATUS = {
  ok: { words: 'Everything works.', look: 'good' },
  degraded: { words: 'Requests are taken, but the last ones failed.', look: 'warning' },
  unavailable: { words: 'No request can be answered.', look: 'bad' },
} as const;

const problemList = (problems: ShownHealth['problems']): Html => html`
  <section id="problems" aria-labelledby="problems-title">
    <h2 id="problems-title">What is wrong, and what helps</h2>
    <ul class="cards">
      ${problems.map(
        ({ problem, remedy }) => html`
          <li class="card">
            <h3>${problem}</h3>
            <p>${remedy}</p>
          </li>
        `,
      )}
    </ul>
  </section>
`;

const ledgerFacts = ({ ledger }: ShownHealth): readonly (readonly [string, unknown])[] =>
  ledger === undefined
    ? [['Ledger', 'none: this server has no database']]
    : [['Ledger', ledger.ok ? `written, ${count(ledger.waiting)} rows waiting` : 'cannot be written']];
