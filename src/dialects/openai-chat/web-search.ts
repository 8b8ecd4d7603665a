/** `web_search_options` as Claude's own web search, and the pages of an answer as `url_citation` annotations. */
import type Anthropic from '@anthropic-ai/sdk';
import { citedPages, userLocation, WEB_SEARCH, type CitedPage } from '../openai/web-search.ts';
import type { Report } from '../parameters.ts';
import type { ChatRequest } from './wire.ts';

/** `taken`: a function of the caller has the same name, and the API takes each name once. */
export const webSearchTool = (
  { web_search_options: options }: ChatRequest,
  { taken }: { readonly taken: (name: string) => boolean },
  report: Report,
): readonly Anthropic.WebSearchTool20250305[] => {
  if (options === null || options === undefined || !report.applies('web_search_options')) return [];
  if (taken(WEB_SEARCH)) {
    report.ignore('web_search_options');
    return [];
  }
  const near = options.user_location?.approximate;
  return [{ type: 'web_search_20250305', name: WEB_SEARCH, ...userLocation(near) }];
};

export interface UrlCitation {
  readonly type: 'url_citation';
  readonly url_citation: CitedPage;
}

/** The pages that one text block cites; the block begins at `start` in the message's content. */
export const citationsOf = (block: Parameters<typeof citedPages>[0], start: number): UrlCitation[] =>
  citedPages(block, start).map((page) => ({ type: 'url_citation', url_citation: page }));
