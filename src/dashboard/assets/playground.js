/** Sends the prompt as a client of the chosen API would, shows the text as it comes, and explains the headers. */
import { byInterest, explain } from './header-notes.js';

const form = document.getElementById('playground');
const part = (id) => document.getElementById(id);
document.getElementById('needs-script').hidden = true;

const bearer = (key) => ({ authorization: `Bearer ${key}` });

/** How each API is asked, and where the text is in a piece of its stream. */
const DIALECTS = {
  'openai-chat': {
    path: '/v1/chat/completions',
    keyHeader: bearer,
    body: ({ model, prompt, effort }) => ({
      model,
      stream: true,
      messages: [{ role: 'user', content: prompt }],
      ...(effort !== '' && { reasoning_effort: effort }),
    }),
    text: ({ choices }) => choices?.[0]?.delta?.content,
  },
  'openai-responses': {
    path: '/v1/responses',
    keyHeader: bearer,
    body: ({ model, prompt, effort }) => ({
      model,
      stream: true,
      store: false,
      input: prompt,
      ...(effort !== '' && { reasoning: { effort } }),
    }),
    text: ({ type, delta }) => (type === 'response.output_text.delta' ? delta : undefined),
  },
  'anthropic-messages': {
    path: '/v1/messages',
    keyHeader: (key) => ({ 'x-api-key': key }),
    body: ({ model, prompt, effort }) => ({
      model,
      stream: true,
      max_tokens: 4096,
      messages: [{ role: 'user', content: prompt }],
      ...(effort !== '' && { output_config: { effort } }),
    }),
    headers: { 'anthropic-version': '2023-06-01' },
    text: ({ delta }) => delta?.text,
  },
  ollama: {
    path: '/api/chat',
    keyHeader: bearer,
    body: ({ model, prompt, effort }) => ({
      model,
      messages: [{ role: 'user', content: prompt }],
      ...(effort !== '' && { think: effort }),
    }),
    text: ({ message }) => message?.content,
  },
};

/** The JSON values of a stream: of server-sent events, or one a line. */
async function* valuesOf(body) {
  let rest = '';
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop();
    yield* lines.map(valueOf).filter((value) => value !== undefined);
  }
  const last = valueOf(rest);
  if (last !== undefined) yield last;
}

const valueOf = (line) => {
  const text = line.startsWith('data:') ? line.slice(5).trim() : line.trim();
  return text.startsWith('{') ? JSON.parse(text) : undefined;
};

const errorOf = ({ error, response, message }) => {
  const found = error ?? response?.error;
  if (found == null) return undefined;
  return typeof found === 'string' ? found : (found.message ?? message ?? JSON.stringify(found));
};

const headerRow = ([name, value]) => {
  const row = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = name;
  const cells = [value, explain(name)].map((text) => {
    const cell = document.createElement('td');
    cell.textContent = text;
    return cell;
  });
  row.append(head, ...cells);
  return row;
};

const showRequestLine = (text, id) => {
  part('request-line').textContent = text;
  if (id === null) return;
  const link = document.createElement('a');
  link.href = `/dashboard/requests/${encodeURIComponent(id)}`;
  link.textContent = 'Its row';
  part('request-line').append(' ', link, ' is there about a second after the end.');
};

const fail = (message) => {
  part('failure').textContent = message;
  part('failure').hidden = false;
};

const say = (text) => {
  part('progress').textContent = text;
  document.getElementById('status').textContent = text;
};

let running;

const read = async (response, { text }) => {
  for await (const value of valuesOf(response.body)) {
    const problem = errorOf(value);
    if (problem !== undefined) fail(problem);
    const more = text(value);
    if (typeof more === 'string') part('answer').append(more);
  }
};

const ask = async (given, signal) => {
  const dialect = DIALECTS[given.dialect];
  const response = await fetch(dialect.path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...dialect.headers,
      ...(given.key !== '' && dialect.keyHeader(given.key)),
    },
    // A key that was typed is the only one that is sent.
    credentials: given.key === '' ? 'same-origin' : 'omit',
    body: JSON.stringify(dialect.body(given)),
    signal,
  });
  showRequestLine(`POST ${dialect.path} was answered with ${response.status}.`, response.headers.get('x-request-id'));
  part('headers').replaceChildren(...[...response.headers].sort(byInterest).map(headerRow));
  if (response.ok) return read(response, dialect);
  const answer = await response.json().catch(() => ({}));
  return fail(errorOf(answer) ?? `The server answered ${response.status}.`);
};

const submit = async () => {
  const given = Object.fromEntries(new FormData(form));
  running = new AbortController();
  part('send').disabled = true;
  part('abort').disabled = false;
  part('outcome').hidden = false;
  part('failure').hidden = true;
  part('answer').replaceChildren();
  part('headers').replaceChildren();
  say('Waiting for the answer…');
  try {
    await ask(given, running.signal);
    say('Answered.');
  } catch (error) {
    if (running.signal.aborted) say('Stopped.');
    else {
      fail(`The answer broke off: ${error.message}`);
      say('Failed.');
    }
  } finally {
    part('send').disabled = false;
    part('abort').disabled = true;
  }
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});
part('abort').addEventListener('click', () => {
  running.abort();
  part('send').disabled = false;
  part('send').focus();
});
