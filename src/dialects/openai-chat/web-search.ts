/** `web_search_options` as Claude's own web search, and the pages of an answer as `url_citation` annotations. */
import type Anthropic from '@anthropic-ai/sdk';
import type { AnswerMessage } from '../../turn/turn.ts';
import type { Report } from '../parameters.ts';
import type { ChatRequest } from './wire.ts';

const NAME = 'web_search';

/** `taken`: a function of the caller has the name of the search, and the API takes each name once. */
export const webSearchTool = (
  { web_search_options: options }: ChatRequest,
  { taken }: { readonly taken: (name: string) => boolean },
  report: Report,
): readonly Anthropic.WebSearchTool20250305[] => {
  if (options === null || options === undefined || !report.applies('web_search_options')) return [];
  if (taken(NAME)) {
    report.ignore('web_search_options');
    return [];
  }
  const near = options.user_location?.approximate ?? {};
  const location = Object.fromEntries(
    (['city', 'region', 'country', 'timezone'] as const)
      .map((key) => [key, near[key]] as const)
      .filter(([, value]) => typeof value === 'string' && value !== ''),
  );
  return [
    {
      type: 'web_search_20250305',
      name: NAME,
      ...(Object.keys(location).length > 0 && { user_location: { type: 'approximate', ...location } }),
    },
  ];
};

type TextBlock = Extract<AnswerMessage['content'][number], { type: 'text' }>;

export interface UrlCitation {
  readonly type: 'url_citation';
  readonly url_citation: {
    readonly start_index: number;
    readonly end_index: number;
    readonly url: string;
    readonly title: string;
  };
}

/** The pages that one text block rests on; it begins at `start` in the content of the message. */
export const citationsOf = (
  { text, citations }: Pick<TextBlock, 'citations'> & { readonly text: { readonly length: number } },
  start: number,
): UrlCitation[] =>
  (citations ?? []).flatMap((citation): UrlCitation[] =>
    citation.type === 'web_search_result_location'
      ? [
          {
            type: 'url_citation',
            url_citation: {
              start_index: start,
              end_index: start + text.length,
              url: citation.url,
              title: citation.title ?? '',
            },
          },
        ]
      : [],
  );
