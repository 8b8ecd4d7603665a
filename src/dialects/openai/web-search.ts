/** Claude's own web search, requested and cited in the form of OpenAI's APIs. */
import type Anthropic from '@anthropic-ai/sdk';
import type { AnswerMessage } from '../../turn/turn.ts';

/** The tool's name at the API, which takes each name once. */
export const WEB_SEARCH = 'web_search';

/** The user's approximate location, without empty members. */
export const userLocation = (
  near: Readonly<Record<string, unknown>> | null | undefined,
): Pick<Anthropic.WebSearchTool20250305, 'user_location'> => {
  const location = Object.fromEntries(
    (['city', 'region', 'country', 'timezone'] as const)
      .map((key) => [key, near?.[key]] as const)
      .filter((entry): entry is [(typeof entry)[0], string] => typeof entry[1] === 'string' && entry[1] !== ''),
  );
  return Object.keys(location).length > 0 ? { user_location: { type: 'approximate', ...location } } : {};
};

type TextBlock = Extract<AnswerMessage['content'][number], { type: 'text' }>;

export interface CitedPage {
  readonly start_index: number;
  readonly end_index: number;
  readonly url: string;
  readonly title: string;
}

/** The pages that one text block cites; the block begins at `start` in the message's content. */
export const citedPages = (
  { text, citations }: Pick<TextBlock, 'citations'> & { readonly text: { readonly length: number } },
  start: number,
): CitedPage[] =>
  (citations ?? []).flatMap((citation): CitedPage[] =>
    citation.type === 'web_search_result_location'
      ? [{ start_index: start, end_index: start + text.length, url: citation.url, title: citation.title ?? '' }]
      : [],
  );
