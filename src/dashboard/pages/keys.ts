/** Keys: what there is, one made and shown this once, changed, revoked. */
import type { LimitName } from '../../access/limits/key-limits.ts';
import type { Admin, ShownKey } from '../../http/admin/admin.ts';
import { empty, facts, html, nothing, percent, table, time, type Column, type Html } from '../html.ts';
import { fieldsOfKey, type FieldValues } from '../key-fields.ts';
import type { Page } from '../layout.ts';
import { keyForm, type KeyFormOptions } from './key-form.ts';
import { amount, limitBar, limitName } from './limits.ts';

export const keysPage = async (admin: Admin, { revoked }: { revoked: boolean }): Promise<Page> => {
  const keys = await admin.keys({ revoked });
  return {
    title: 'Keys',
    main: html`
      <p class="row">
        <a class="button primary" href="/dashboard/keys/new">Make a key</a>
        ${
          revoked
            ? html`<a href="/dashboard/keys">Hide revoked keys</a>`
            : html`<a href="/dashboard/keys?revoked=1">Show revoked keys too</a>`
        }
      </p>
      ${
        keys.length === 0
          ? empty(
              'There is no key with a name yet.',
              `Make one for each person or program: then you see who used what, can set limits, and can take a key ` +
                `back without changing the others. The keys of PROXY_API_KEY go on working and are not in this list.`,
            )
          : table(keys, { caption: 'Keys', columns: KEY_COLUMNS, key: ({ id }) => id })
      }
    `,
  };
};

const pathOf = ({ id }: Pick<ShownKey, 'id'>): string => `/dashboard/keys/${encodeURIComponent(id)}`;

const KEY_COLUMNS: readonly Column<ShownKey>[] = [
  { title: 'Name', cell: (key) => html`<a href="${pathOf(key)}">${key.name}</a>` },
  { title: 'Ends with', cell: ({ hint }) => html`<code>…${hint}</code>` },
  { title: 'Role', cell: ({ role }) => role },
  {
    title: 'Limits',
    cell: (key) => {
      const lines = limitLines(key);
      return lines.length === 0 ? 'none' : lines.map((line) => html`<div>${line}</div>`);
    },
  },
  { title: 'Models', cell: ({ allowedModels }) => allowedModels?.join(', ') ?? 'all' },
  { title: 'State', cell: (key) => stateOf(key) },
];

/** A share of a window that Claude has not told of yet has no use so far. */
const limitLines = ({ limits: { planShare = {}, ...limits }, used }: ShownKey): readonly string[] => {
  const shares = Object.entries(planShare).map(([window, share]) => [`planShare.${window}`, share] as const);
  return [...Object.entries(limits), ...shares].map(([name, allowed = 0]) => {
    const limit = name as LimitName;
    const known = used.find((each) => each.limit === limit);
    const part = known === undefined ? '' : `, ${percent(known.used / known.allowed)} used`;
    return `${limitName(limit)}: ${amount(limit, allowed)}${part}`;
  });
};

const stateOf = ({ revokedAt, expiresAt }: ShownKey): unknown => {
  if (revokedAt !== undefined) return html`<span class="bad">revoked ${time(revokedAt)}</span>`;
  return expiresAt === undefined ? 'works' : html`works until ${time(expiresAt)}`;
};

export interface NewKey {
  readonly values: FieldValues;
  readonly windows: readonly string[];
  readonly problem?: KeyFormOptions['problem'];
}

export const newKeyPage = ({ values, windows, problem }: NewKey): Page => ({
  title: 'Make a key',
  status: problem === undefined ? 200 : 400,
  main: keyForm({ action: '/dashboard/keys', submit: 'Make the key', values, windows, problem }),
});

/** The only page that ever shows a key. */
export const madeKeyPage = ({ secret, key }: { secret: string; key: ShownKey }, address: string): Page => ({
  title: `The key for ${key.name}`,
  main: html`
    <div class="notice">
      <p><strong>Copy it now: it is shown this once.</strong> The server keeps only a hash of it.</p>
      <p><code id="secret">${secret}</code></p>
      <p><button type="button" data-copy="secret">Copy</button></p>
    </div>
    <h2>How it is used</h2>
    <p>
      As the API key of any client, with the base URL <code data-address="/v1">${address}/v1</code> for OpenAI’s API and
      <code data-address>${address}</code> for Anthropic’s. <code>opencode-claude-proxy connect</code> sets clients up.
    </p>
    <p><a href="/dashboard/keys">Back to the keys</a></p>
  `,
});

export interface ChangedKey {
  readonly key: ShownKey;
  readonly windows: readonly string[];
  /** What was typed, where that could not be saved. */
  readonly values?: FieldValues;
  readonly problem?: KeyFormOptions['problem'];
  readonly saved?: boolean;
}

export const keyPage = (shown: ChangedKey): Page => {
  const { key, windows, values = fieldsOfKey(key), problem, saved = false } = shown;
  return {
    title: `Key: ${key.name}`,
    status: problem === undefined ? 200 : 400,
    main: html`
      ${saved ? html`<p class="notice" role="status">Saved. It holds from now on.</p>` : nothing}
      ${facts([
        ['Ends with', html`<code>…${key.hint}</code>`],
        ['Made', time(key.createdAt)],
        ['State', stateOf(key)],
      ])}
      ${
        key.used.length === 0
          ? nothing
          : html`<section class="card" aria-labelledby="used-title">
              <h2 id="used-title">Used of its limits</h2>
              ${key.used.map((limit) => limitBar(limit))}
            </section>`
      }
      ${key.revokedAt === undefined ? changes({ key, values, windows, problem }) : nothing}
    `,
  };
};

const changes = ({ key, values, windows, problem }: ChangedKey & { readonly values: FieldValues }): Html => html`
  <h2>Change it</h2>
  ${keyForm({ action: pathOf(key), submit: 'Save', values, windows, problem })}
  <h2>Revoke it</h2>
  <p><a class="button danger" href="${pathOf(key)}/revoke">Revoke this key…</a></p>
`;

export const revokePage = (key: ShownKey): Page => ({
  title: `Revoke the key ${key.name}?`,
  main: html`
    <p>
      Whoever uses the key that ends with <code>…${key.hint}</code> is refused from then on. This cannot be undone; its
      requests stay in the ledger.
    </p>
    <form method="post" action="${pathOf(key)}/revoke" class="row">
      <button type="submit" class="danger">Revoke it</button>
      <a href="${pathOf(key)}">Keep it</a>
    </form>
  `,
});
