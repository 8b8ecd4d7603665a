/** A prompt sent through the server itself, as any client would, with every header of the answer explained. */
import type { Admin } from '../../http/admin/admin.ts';
import { html, type Html } from '../html.ts';
import type { Page } from '../layout.ts';

const DIALECTS = [
  ['openai-chat', 'OpenAI Chat Completions'],
  ['openai-responses', 'OpenAI Responses'],
  ['anthropic-messages', 'Anthropic Messages'],
  ['ollama', 'Ollama'],
] as const;

const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const;

export const playgroundPage = async (admin: Admin): Promise<Page> => {
  const { models, aliases } = await admin.models();
  const names = [...models.map(({ id }) => id), ...aliases.map(({ name }) => name)];
  return {
    title: 'Playground',
    styles: ['reports.css'],
    modules: ['playground.js'],
    main: html`
      <p class="help undrawn" id="needs-script">The playground needs JavaScript: a script sends the prompt.</p>
      <form id="playground" class="stack" autocomplete="off">${fields(names)}</form>
      ${answer}
    `,
  };
};

const fields = (names: readonly string[]): Html => html`
  <div class="pair">
    <div class="field">
      <label for="dialect">API</label>
      <select id="dialect" name="dialect">
        ${DIALECTS.map(([value, label]) => html`<option value="${value}">${label}</option>`)}
      </select>
    </div>
    <div class="field">
      <label for="model">Model</label>
      <input id="model" name="model" required value="${names[0] ?? 'sonnet'}" list="models" />
      <datalist id="models">${names.map((name) => html`<option value="${name}"></option>`)}</datalist>
    </div>
    <div class="field">
      <label for="effort">Effort</label>
      <select id="effort" name="effort">
        <option value="">as the model has it</option>
        ${EFFORTS.map((effort) => html`<option value="${effort}">${effort}</option>`)}
      </select>
    </div>
  </div>
  <div class="field">
    <label for="prompt">Prompt</label>
    <textarea id="prompt" name="prompt" rows="4" required></textarea>
  </div>
  <div class="field">
    <label for="key">Key</label>
    <input id="key" name="key" type="password" autocomplete="off" aria-describedby="key-help" />
    <p class="help" id="key-help">
      Empty: your login on this page. Another key shows what its limits and names make of the request; it is stored
      nowhere. The request counts as any other one does.
    </p>
  </div>
  <p class="row">
    <button type="submit" class="primary" id="send">Send</button>
    <button type="button" id="abort" class="danger" disabled>Stop</button>
    <span id="progress" class="quiet"></span>
  </p>
`;

const answer = html`
  <section id="outcome" aria-labelledby="answer-title" hidden>
    <h2 id="answer-title">Answer</h2>
    <p id="failure" class="problem" hidden></p>
    <div id="answer" class="text" tabindex="0" role="group" aria-labelledby="answer-title"></div>
    <h2 id="headers-title">What the headers say</h2>
    <p class="help" id="request-line"></p>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="headers-title">
      <table>
        <caption class="unseen">
          Headers of the answer
        </caption>
        <thead>
          <tr>
            <th scope="col">Header</th>
            <th scope="col">Value</th>
            <th scope="col">What it says</th>
          </tr>
        </thead>
        <tbody id="headers"></tbody>
      </table>
    </div>
  </section>
`;
