/**
 * Ids of tool calls as Claude Code leaves them alone. It takes `x_2` beside `x` for a doubled `x` of its own, and gives
 * the model "[Tool result missing due to internal error]" in place of its result. Pure.
 */
import type { ContentBlock } from '../../../turn/turn.ts';
import type { Exchange } from './exchanges.ts';

const NUMBERED = /^(.*)_(\d+)$/s;

/** The same conversation; an id that ends in a number behind the whole of another id is spelled with a hyphen. */
export const withSeparateIds = (exchanges: readonly Exchange[]): readonly Exchange[] => {
  const ids = new Set(exchanges.flatMap(({ content }) => content.flatMap(idsOf)));
  const renamed = new Map<string, string>();
  for (const id of ids) {
    const [, stem, number] = NUMBERED.exec(id) ?? [];
    if (stem !== undefined && number !== undefined && ids.has(stem)) renamed.set(id, unused(`${stem}-${number}`, ids));
  }
  if (renamed.size === 0) return exchanges;
  return exchanges.map(({ role, content }) => ({ role, content: content.map((block) => rename(block, renamed)) }));
};

const idsOf = (block: ContentBlock): string[] => (block.type === 'tool_use' ? [block.id] : []);

const unused = (id: string, ids: ReadonlySet<string>): string => (ids.has(id) ? unused(`${id}-`, ids) : id);

const rename = (block: ContentBlock, renamed: ReadonlyMap<string, string>): ContentBlock => {
  if (block.type === 'tool_use') return { ...block, id: renamed.get(block.id) ?? block.id };
  if (block.type !== 'tool_result') return block;
  return { ...block, tool_use_id: renamed.get(block.tool_use_id) ?? block.tool_use_id };
};
