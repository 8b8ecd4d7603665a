/** One line on what each header of an answer says, the most telling first. The first pattern that fits counts. */

const NOTES = [
  [/^x-proxy-model$/u, 'The model that answered, by its full name.'],
  [/^x-proxy-unknown-model$/u, 'Nobody knows the name that was asked for; the usual model answered.'],
  [/^x-proxy-ignored$/u, 'Parameters of the request that had no effect.'],
  [/^x-proxy-emulated$/u, 'Parameters that Claude does not have and this server imitated.'],
  [/^(?:x-request-id|request-id)$/u, 'The id of this request: in the log, the ledger, and under Requests.'],
  [/^x-upstream-request-id$/u, 'The id that Anthropic’s API gave it.'],
  [/^retry-after(?:-ms)?$/u, 'How long to wait before the next try.'],
  [/^anthropic-ratelimit-unified-5h-utilization$/u, 'How much of the plan’s five hours is used, 0 to 1.'],
  [/^anthropic-ratelimit-unified-7d-utilization$/u, 'How much of the plan’s seven days is used, 0 to 1.'],
  [/^anthropic-ratelimit-unified-.*-utilization$/u, 'How much of this window of the plan is used, 0 to 1.'],
  [/^anthropic-ratelimit-unified-.*reset$/u, 'When this window of the plan begins anew, in seconds since 1970.'],
  [/^anthropic-ratelimit-unified-status$/u, 'Whether the plan still lets requests in.'],
  [/^anthropic-ratelimit-unified-representative-claim$/u, 'The window of the plan that decides.'],
  [/^(?:x|anthropic)-ratelimit-.*(?:limit|limit-\w+)$/u, 'How much a limit allows.'],
  [/^(?:x|anthropic)-ratelimit-.*remaining/u, 'How much of a limit is left.'],
  [/^(?:x|anthropic)-ratelimit-.*reset/u, 'When a limit begins anew.'],
  [/ratelimit/u, 'A limit of the key or of the account.'],
  [/^x-codex-/u, 'The plan’s windows in the form that Codex shows in /status.'],
  [/^openai-processing-ms$/u, 'How long the server took until the headers, in milliseconds.'],
  [/^openai-/u, 'What OpenAI’s own API sends under this name; clients expect it.'],
  [/^content-type$/u, 'The form of the answer; text/event-stream is a stream of events.'],
  [/^(?:content-length|transfer-encoding|connection|keep-alive)$/u, 'How the answer travels.'],
  [/^cache-control$/u, 'Whether the answer may be kept; answers of a model are not.'],
  [/^date$/u, 'When the server answered.'],
  [/^vary$/u, 'Which headers of the request change the answer.'],
  [/^x-content-type-options$/u, 'The browser takes the type above as it is.'],
  [/^x-accel-buffering$/u, 'Asks a proxy in front to pass each piece on at once.'],
  [/^access-control-/u, 'Which web pages may ask this server.'],
  [/^www-authenticate$/u, 'That a key is needed, and how it is sent.'],
];

const placeOf = (name) => {
  const at = NOTES.findIndex(([pattern]) => pattern.test(name));
  return at === -1 ? NOTES.length : at;
};

export const explain = (name) => NOTES[placeOf(name)]?.[1] ?? 'A standard header of HTTP.';

/** What this server has to say comes first, how HTTP works last. */
export const byInterest = ([a], [b]) => placeOf(a) - placeOf(b) || a.localeCompare(b);
