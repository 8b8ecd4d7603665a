/**
 * Names of the caller's tools. The Messages API has one flat list of functions; the Responses API has functions, custom
 * tools that take raw text, and namespaces of both. Each tool gets one flat name here; calls get the original name
 * back.
 */
import { shortHash } from '../../tool-ids.ts';
import type { CustomTool, FunctionTool, RequestTool } from '../wire.ts';

export interface ToolOrigin {
  readonly kind: 'function' | 'custom';
  readonly name: string;
  readonly namespace?: string;
}

/** A tool that the caller runs, with its origin. */
export interface ClientTool {
  readonly definition: FunctionTool | CustomTool;
  readonly namespace?: string;
}

/** Claude Code offers tools over MCP, which limits the length of names. */
const LONGEST = 64;

export class ToolNames {
  readonly #origins = new Map<string, ToolOrigin>();
  readonly #plain: ReadonlySet<string>;

  constructor(tools: readonly ClientTool[]) {
    this.#plain = new Set(tools.filter(({ namespace }) => namespace === undefined).map((tool) => tool.definition.name));
    for (const { definition, namespace } of tools) {
      const origin: ToolOrigin = {
        kind: definition.type === 'custom' ? 'custom' : 'function',
        name: definition.name,
        ...(namespace === undefined ? {} : { namespace }),
      };
      this.#origins.set(this.flat(definition.name, namespace), origin);
    }
  }

  /** The same in every request, also for a tool that is no longer offered. */
  flat(name: string, namespace?: string | null): string {
    if (namespace === undefined || namespace === null || namespace === '') return name;
    const joined = `${namespace}${namespace.endsWith('__') ? '' : '__'}${name}`.replaceAll(/[^a-zA-Z0-9_-]/gu, '_');
    if (joined.length <= LONGEST && !this.#plain.has(joined)) return joined;
    return `${joined.slice(0, LONGEST - 25)}_${shortHash(`${namespace}\n${name}`)}`;
  }

  has(flat: string): boolean {
    return this.#origins.has(flat);
  }

  /** An unknown name is treated as a function: the model made it up, and the caller can report that. */
  origin(flat: string): ToolOrigin {
    return this.#origins.get(flat) ?? { kind: 'function', name: flat };
  }
}

/** Functions and custom tools in order; tools of a namespace stand where the namespace stands. */
export const clientToolsOf = (tools: readonly RequestTool[]): readonly ClientTool[] =>
  tools.flatMap((tool): readonly ClientTool[] => {
    if (tool.type === 'function' || tool.type === 'custom') return [{ definition: tool }];
    if (tool.type !== 'namespace') return [];
    return tool.tools.flatMap((inner) =>
      inner.type === 'unknown' ? [] : [{ definition: inner, namespace: tool.name }],
    );
  });
