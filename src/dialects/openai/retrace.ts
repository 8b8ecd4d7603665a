/** Maps paths among a turn's messages and system blocks to fields of the request that they were made from. */
import type { BlockPaths } from '../callers-field.ts';
import type { Path } from '../validate.ts';
import type { Conversation } from './conversation.ts';

/** Parses the conversation once more and records the path of each block. */
export interface Retraced {
  readonly conversation: Conversation;
  readonly blockPaths: BlockPaths;
}

/** The caller's names of a block's members, by block type and member; `place` is the block's path. */
export type FieldsOf = (type: string, member: string, writtenAt: Path) => Path;

/** `2.content.0.image.source.base64`: the API puts the type of a block after its index. */
export const inMessages = (
  { conversation, blockPaths }: Retraced,
  [index, ...rest]: readonly string[],
  fieldsOf: FieldsOf,
): Path | undefined => {
  const message = conversation.messages[Number(index)];
  if (message === undefined) return undefined;
  const content = blocksOf(message.content);
  const at = rest[0] === 'content' ? Number(rest[1]) : Number.NaN;
  if (Number.isNaN(at)) return whereWritten(content[0], blockPaths)?.slice(0, 2);
  return inBlock(content[at], rest.slice(2), { blockPaths, fieldsOf });
};

export const inSystem = ({ conversation, blockPaths }: Retraced, [index]: readonly string[]): Path | undefined =>
  whereWritten(conversation.system[Number(index)], blockPaths);

const whereWritten = (block: object | undefined, blockPaths: BlockPaths): Path | undefined =>
  block === undefined ? undefined : blockPaths.get(block);

interface Block {
  readonly type: string;
  readonly content?: unknown;
}

interface Looking {
  readonly blockPaths: BlockPaths;
  readonly fieldsOf: FieldsOf;
}

const inBlock = (
  block: Block | undefined,
  [type, ...others]: readonly string[],
  looking: Looking,
): Path | undefined => {
  const writtenAt = whereWritten(block, looking.blockPaths);
  if (block === undefined || writtenAt === undefined) return undefined;
  const rest = type === block.type || type === undefined ? others : [type, ...others];
  if (block.type === 'tool_result' && rest[0] === 'content')
    return (
      inBlock(blocksOf(block.content)[Number(rest[1])], rest.slice(2), looking) ?? [
        ...writtenAt,
        ...looking.fieldsOf('tool_result', 'content', writtenAt),
      ]
    );
  return [...writtenAt, ...looking.fieldsOf(block.type, rest[0] ?? '', writtenAt)];
};

const blocksOf = (content: unknown): readonly Block[] => (Array.isArray(content) ? (content as readonly Block[]) : []);
