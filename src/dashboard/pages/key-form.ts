/** The form for a new key, and for the changes of one. */
import { fieldOfParam, LIMIT_FIELDS, windowsOf, type FieldValues } from '../key-fields.ts';
import { html, nothing, type Html } from '../html.ts';
import { LIMIT_NAMES, windowName } from './limits.ts';

export interface KeyFormOptions {
  /** Where it is sent. */
  readonly action: string;
  readonly submit: string;
  readonly values: FieldValues;
  /** The windows of the plan that are known. */
  readonly windows: readonly string[];
  readonly problem?: { readonly message: string; readonly param: string | undefined } | undefined;
}

/** Windows of every plan; others are offered once Claude has told of them. */
const USUAL_WINDOWS = ['five_hour', 'seven_day'];

export const keyForm = ({ action, submit, values, windows, problem }: KeyFormOptions): Html => {
  const field = problem === undefined ? undefined : fieldOfParam(problem.param);
  const input = (options: FieldOptions): Html => inputField(options, { values, field });
  const lines = (options: FieldOptions): Html => linesField(options, { values, field });
  const shares = new Set([...USUAL_WINDOWS, ...windows, ...windowsOf(values)]);
  return html`
    <form method="post" action="${action}" class="stack">
      ${problem === undefined ? nothing : html`<p class="problem" id="problem" role="alert">${problem.message}</p>`}
      ${input({ name: 'name', label: 'Name', help: 'Of the person or program that gets it.', required: true })}
      <fieldset>
        <legend>Role</legend>
        ${choice({ value: 'user', label: 'User: may chat' }, values['role'] ?? 'user')}
        ${choice({ value: 'admin', label: 'Admin: may also see this page and use /admin' }, values['role'] ?? 'user')}
      </fieldset>
      <fieldset>
        <legend>Limits</legend>
        <p class="help">Empty fields set no limit. Days and months begin at 00:00 UTC.</p>
        <div class="pair">
          ${LIMIT_FIELDS.map((limit) => input({ name: limit, label: LIMIT_NAMES[limit], numeric: true }))}
        </div>
      </fieldset>
      <fieldset>
        <legend>Share of the plan, in percent</legend>
        <p class="help">At most so much of each window of the subscription, whatever the others use.</p>
        <div class="pair">
          ${[...shares].map((window) =>
            input({ name: `planShare.${window}`, label: windowName(window), numeric: true }),
          )}
        </div>
      </fieldset>
      ${lines({
        name: 'allowedModels',
        label: 'Allowed models',
        help: 'One a line: a model, a family such as haiku, or a beginning such as claude-sonnet-*. Empty allows all.',
      })}
      ${lines({
        name: 'aliases',
        label: 'Own names for models',
        help: 'One a line: fast = haiku. They count before the names of the server, for this key alone.',
      })}
      ${input({
        name: 'expiresOn',
        label: 'Last day',
        help: 'The key works to the end of this day, UTC. Empty: until it is revoked.',
        type: 'date',
      })}
      <p class="row">
        <button type="submit" class="primary">${submit}</button>
        <a href="/dashboard/keys">Back to the keys</a>
      </p>
    </form>
  `;
};

interface FieldOptions {
  readonly name: string;
  readonly label: string;
  readonly help?: string;
  readonly required?: boolean;
  readonly numeric?: boolean;
  readonly type?: 'text' | 'date';
}

interface FormState {
  readonly values: FieldValues;
  /** The field with a problem. */
  readonly field: string | undefined;
}

const inputField = (options: FieldOptions, { values, field }: FormState): Html => {
  const { name, required = false, numeric = false, type = 'text' } = options;
  return labelled(
    options,
    html`
      <input
        id="${idOf(name)}"
        name="${name}"
        type="${type}"
        value="${values[name] ?? ''}"
        autocomplete="off"
        inputmode="${numeric ? 'decimal' : 'text'}"
        aria-describedby="${describedBy(options, field)}"
        aria-invalid="${String(field === name)}"
        ${required ? html`required` : nothing}
      />
    `,
  );
};

const linesField = (options: FieldOptions, { values, field }: FormState): Html => {
  const { name } = options;
  return labelled(
    options,
    html`
      <textarea
        id="${idOf(name)}"
        name="${name}"
        rows="3"
        spellcheck="false"
        aria-describedby="${describedBy(options, field)}"
        aria-invalid="${String(field === name)}"
      >
${values[name] ?? ''}</textarea>
    `,
  );
};

/** A control between its label and its help. */
const labelled = ({ name, label, help }: Pick<FieldOptions, 'name' | 'label' | 'help'>, control: Html): Html => html`
  <div class="field">
    <label for="${idOf(name)}">${label}</label>
    ${control} ${help === undefined ? nothing : html`<p class="help" id="${idOf(name)}-help">${help}</p>`}
  </div>
`;

const choice = ({ value, label }: { value: string; label: string }, chosen: string): Html => html`
  <div class="field">
    <label class="choice">
      <input type="radio" name="role" value="${value}" ${value === chosen ? html`checked` : nothing} />
      ${label}
    </label>
  </div>
`;

const describedBy = ({ name, help }: FieldOptions, field: string | undefined): string =>
  [...(help === undefined ? [] : [`${idOf(name)}-help`]), ...(field === name ? ['problem'] : [])].join(' ');

const idOf = (name: string): string => `field-${name.replaceAll(/[^\w-]/gu, '-')}`;
