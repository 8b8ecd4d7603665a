/** Maps paths among a turn's messages and system blocks to fields of the request that they were made from. */
import type { Places } from '../callers-field.ts';
import type { Path } from '../validate.ts';
import type { Conversation } from './conversation.ts';

/** Parses the conversation once more and records the path of each block. */
export interface Retraced {
  readonly conversation: Conversation;
  readonly places: Places;
}

/** The caller's names of a block's members, by block type and member; `place` is the block's path. */
export type FieldsOf = (type: string, member: string, place: Path) => Path;

/** `2.content.0.image.source.base64`: the API puts the type of a block after its index. */
export const inMessages = (
  { conversation, places }: Retraced,
  [index, ...rest]: readonly string[],
  fieldsOf: FieldsOf,
): Path | undefined => {
  const message = conversation.messages[Number(index)];
  if (message === undefined) return undefined;
  const content = blocksOf(message.content);
  const at = rest[0] === 'content' ? Number(rest[1]) : Number.NaN;
  if (Number.isNaN(at)) return whereWritten(content[0], places)?.slice(0, 2);
  return inBlock(content[at], rest.slice(2), { places, fieldsOf });
};

export const inSystem = ({ conversation, places }: Retraced, [index]: readonly string[]): Path | undefined =>
  whereWritten(conversation.system[Number(index)], places);

const whereWritten = (block: object | undefined, places: Places): Path | undefined =>
  block === undefined ? undefined : places.get(block);

interface Block {
  readonly type: string;
  readonly content?: unknown;
}

interface Looking {
  readonly places: Places;
  readonly fieldsOf: FieldsOf;
}

const inBlock = (
  block: Block | undefined,
  [type, ...others]: readonly string[],
  looking: Looking,
): Path | undefined => {
  const place = whereWritten(block, looking.places);
  if (block === undefined || place === undefined) return undefined;
  const rest = type === block.type || type === undefined ? others : [type, ...others];
  if (block.type === 'tool_result' && rest[0] === 'content')
    return (
      inBlock(blocksOf(block.content)[Number(rest[1])], rest.slice(2), looking) ?? [
        ...place,
        ...looking.fieldsOf('tool_result', 'content', place),
      ]
    );
  return [...place, ...looking.fieldsOf(block.type, rest[0] ?? '', place)];
};

const blocksOf = (content: unknown): readonly Block[] => (Array.isArray(content) ? (content as readonly Block[]) : []);
