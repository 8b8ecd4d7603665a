/** Which models there are, and which names stand for them. */
import type { Admin } from '../../http/admin/admin.ts';
import { empty, html, table } from '../html.ts';
import type { Page } from '../layout.ts';

export const modelsPage = async (admin: Admin): Promise<Page> => {
  const { models, aliases, patterns } = await admin.models();
  return {
    title: 'Models and aliases',
    main: html`
      <section aria-labelledby="models-title">
        <h2 id="models-title">Models</h2>
        ${
          models.length === 0
            ? empty('No model is known yet.', 'The engine tells its models when it has started: look at Health.')
            : table(models, {
                caption: 'Models',
                columns: [
                  { title: 'Model', cell: ({ id }) => html`<code>${id}</code>` },
                  { title: 'Name', cell: ({ displayName }) => displayName },
                  { title: 'Since', cell: ({ createdAt }) => dateOf(createdAt) },
                ],
              })
        }
      </section>
      <section aria-labelledby="patterns-title">
        <h2 id="patterns-title">Patterns of MODEL_MAP</h2>
        ${
          patterns.length === 0
            ? empty(
                'There is none.',
                html`<code>MODEL_MAP={"gpt-5*":"opus"}</code> lets Opus answer every name that begins with gpt-5.`,
              )
            : table(patterns, { caption: 'Patterns', columns: NAME_COLUMNS })
        }
      </section>
      <section aria-labelledby="aliases-title">
        <h2 id="aliases-title">Names that stand for a model</h2>
        <p class="help">Keys can have more of their own.</p>
        ${table(aliases, { caption: 'Names that stand for a model', columns: NAME_COLUMNS })}
      </section>
    `,
  };
};

const NAME_COLUMNS = [
  { title: 'Name asked for', cell: ({ name }: { name: string }) => html`<code>${name}</code>` },
  { title: 'Answered by', cell: ({ model }: { model: string }) => html`<code>${model}</code>` },
] as const;

/** The API gives the epoch where it does not know a date. */
const dateOf = (createdAt: string): string => (createdAt.startsWith('1970') ? 'unknown' : createdAt.slice(0, 10));
