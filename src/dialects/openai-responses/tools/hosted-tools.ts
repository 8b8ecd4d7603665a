/**
 * Converts tools that OpenAI runs to tools that the Messages API runs. A tool without a counterpart is left out and
 * reported as ignored.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { userLocation, WEB_SEARCH } from '../../openai/web-search.ts';
import type { Report } from '../../parameters.ts';
import type { RequestTool, WebSearchTool } from '../wire.ts';

export interface HostedTool {
  readonly tool: Anthropic.WebSearchTool20250305 | Anthropic.CodeExecutionTool20250522;
  /** The name, or its beginning, in `tool_choice`: `web_search_preview` is `web_search` too. */
  readonly type: 'web_search' | 'code_interpreter';
}

interface Hosting {
  /** Whether one of the caller's own tools has this name. */
  readonly taken: (name: string) => boolean;
  readonly serverTools: boolean;
  readonly maxUses: number | null | undefined;
  readonly report: Report;
}

export const hostedTools = (tools: readonly RequestTool[], hosting: Hosting): readonly HostedTool[] => {
  const { report } = hosting;
  if (tools.some((tool) => tool.type === 'unknown' || hasUnknown(tool))) report.ignore('tools[].type');
  const search = tools.find((tool) => tool.type === 'web_search');
  const code = tools.find((tool) => tool.type === 'code_interpreter');
  const hosted = [
    ...(search === undefined ? [] : webSearch(search, hosting)),
    ...(code === undefined ? [] : codeExecution(hosting)),
  ];
  if (hosting.maxUses !== null && hosting.maxUses !== undefined && !hosted.some(({ type }) => type === 'web_search')) {
    report.ignore('max_tool_calls');
  }
  return hosted;
};

const hasUnknown = (tool: RequestTool): boolean =>
  tool.type === 'namespace' && tool.tools.some((inner) => inner.type === 'unknown');

const webSearch = (tool: WebSearchTool, { taken, serverTools, maxUses, report }: Hosting): readonly HostedTool[] => {
  // Claude's search has no cached index: without access to the web there is no search.
  if (!serverTools || taken(WEB_SEARCH) || tool.external_web_access === false) {
    report.ignore('tools[].web_search');
    return [];
  }
  const { allowed_domains: allowed, blocked_domains: blocked } = tool.filters ?? {};
  return [
    {
      type: 'web_search',
      tool: {
        type: 'web_search_20250305',
        name: WEB_SEARCH,
        ...((allowed ?? []).length > 0 ? { allowed_domains: [...(allowed ?? [])] } : {}),
        // The API takes only one of the two lists.
        ...((blocked ?? []).length > 0 && (allowed ?? []).length === 0
          ? { blocked_domains: [...(blocked ?? [])] }
          : {}),
        ...userLocation(tool.user_location),
        ...(typeof maxUses === 'number' ? { max_uses: maxUses } : {}),
      },
    },
  ];
};

/** The version that only runs Python, like a code interpreter. */
const codeExecution = ({ taken, serverTools, report }: Hosting): readonly HostedTool[] => {
  if (serverTools && !taken('code_execution')) {
    return [{ type: 'code_interpreter', tool: { type: 'code_execution_20250522', name: 'code_execution' } }];
  }
  report.ignore('tools[].code_interpreter');
  return [];
};
