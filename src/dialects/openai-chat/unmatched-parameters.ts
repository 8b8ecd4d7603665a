/** Parameters of Chat Completions without an exact counterpart at Claude. */
import type { Parameter } from '../parameters.ts';

export const unmatchedParameters: readonly Parameter[] = [
  { name: 'store', fate: 'ignored', neutral: [false], note: 'Nothing is stored.' },
  { name: 'logprobs', fate: 'ignored', neutral: [false], note: 'Claude gives no log probabilities.' },
  { name: 'top_logprobs', fate: 'ignored', neutral: [0], note: 'Claude gives no log probabilities.' },
  { name: 'prediction', fate: 'ignored', note: 'Claude has no predicted outputs.' },
  {
    name: 'service_tier',
    fate: 'applied',
    note: '`auto` is passed on, `default` becomes `standard_only`.',
    cases: [{ fate: 'ignored', when: 'any other value: Claude has no such tier to ask for' }],
  },
  { name: 'modalities', fate: 'refused', neutral: [['text'], []], note: 'Claude answers in text.' },
  { name: 'audio', fate: 'refused', note: 'Claude answers in text.' },
  {
    name: 'web_search_options',
    fate: 'applied',
    note: 'Claude’s own web search, near `user_location`; pages come back as `annotations` of type `url_citation`.',
    cases: [
      { fate: 'ignored', if: { lacks: 'serverTools' }, when: 'offer a search tool of your own' },
      { fate: 'ignored', when: 'a function of the request is called `web_search`' },
    ],
  },
  {
    name: 'web_search_options.search_context_size',
    fate: 'ignored',
    neutral: ['medium'],
    note: 'Claude’s search has no such setting.',
  },
  { name: 'moderation', fate: 'ignored', note: 'There is no moderation endpoint behind this server.' },
  {
    name: 'prompt_cache_key',
    fate: 'ignored',
    silent: true,
    note: 'Claude’s cache goes by the content of the prompt. Not reported: nothing but speed depends on it.',
  },
  { name: 'prompt_cache_retention', fate: 'ignored', silent: true, note: 'As `prompt_cache_key`.' },
  { name: 'prompt_cache_options', fate: 'ignored', silent: true, note: 'As `prompt_cache_key`.' },
];
