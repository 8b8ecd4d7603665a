/**
 * The client's tools as an in-process MCP server whose calls wait: the handler of a call returns
 * only when the client's next request brings the result, and the CLI goes on with the same turn.
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { McpSdkServerConfigWithInstance } from '@anthropic-ai/claude-agent-sdk';
import type { McpResult } from '../../conversation/tool-results.ts';

/** The Messages API's id of the call, as the CLI passes it on. */
const TOOL_USE_ID = 'claudecode/toolUseId';

/**
 * Above about 50,000 characters the CLI would give the model a file in place of a result, unless its tool allows more.
 */
const MAX_RESULT_CHARS = 500_000;

/** Calls and results of one process, whichever comes first. */
export class SuspendedCalls {
  readonly #results = new Map<string, PromiseWithResolvers<McpResult>>();

  /** Waits for the result of a call. */
  async resultOf(toolUseId: string): Promise<McpResult> {
    const result = await this.#slot(toolUseId).promise;
    this.#results.delete(toolUseId);
    return result;
  }

  answer(toolUseId: string, result: McpResult): void {
    this.#slot(toolUseId).resolve(result);
  }

  /** Nobody answers the calls of a turn that was cut off. */
  forget(): void {
    this.#results.clear();
  }

  #slot(id: string): PromiseWithResolvers<McpResult> {
    const known = this.#results.get(id);
    if (known !== undefined) return known;
    const slot = Promise.withResolvers<McpResult>();
    this.#results.set(id, slot);
    return slot;
  }
}

export interface OfferedTool {
  readonly name: string;
  readonly description?: string;
  readonly input_schema?: object;
}

export interface ToolServer {
  readonly name: string;
  readonly tools: readonly OfferedTool[];
  readonly calls: SuspendedCalls;
  /** Called when the CLI has asked for the list. */
  readonly listed: () => void;
}

/**
 * A server that offers `tools`. The definitions the model sees travel in the extra body, so in a turn the
 * ones here only carry the name; `readOnlyHint` makes the CLI deliver all calls of a turn at once.
 */
export const toolServer = ({ name, tools, calls, listed }: ToolServer): McpSdkServerConfigWithInstance => {
  const server = new Server({ name, version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => {
    listed();
    return {
      tools: tools.map(({ name: tool, description, input_schema }) => ({
        name: tool,
        description,
        inputSchema: { ...input_schema, type: 'object' as const },
        annotations: { readOnlyHint: true },
        _meta: { 'anthropic/maxResultSizeChars': MAX_RESULT_CHARS },
      })),
    };
  });
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    const id = params._meta?.[TOOL_USE_ID];
    if (typeof id !== 'string') throw new Error(`Claude Code called ${params.name} without the id of the call.`);
    return calls.resultOf(id);
  });
  return { type: 'sdk', name, instance: server as unknown as McpSdkServerConfigWithInstance['instance'] };
};

/** Tools whose definitions travel in the extra body: the server must only offer their names. */
export const namedOnly = (names: readonly string[]): readonly OfferedTool[] => names.map((name) => ({ name }));
