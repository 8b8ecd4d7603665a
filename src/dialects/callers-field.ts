/**
 * The API names a field by its path in the request that reached it, `messages.2.content.0.image.source`. A caller of
 * another API wrote `messages[3].content[0].image_url.url`, so errors are translated to that path.
 */
import { TurnError, type ErrorCode } from '../turn/errors.ts';
import { invalid, pathText, type Path } from './validate.ts';

/**
 * Maps a path in the turn's request to the caller's path; undefined where no field of the caller's caused the error.
 */
export type CallersField = (field: readonly string[]) => Path | undefined;

const ABOUT_FIELDS: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'unsupported_parameter',
  'upstream_invalid_request',
]);

const FIELD_AND_REASON = /^(?<field>[a-z][a-z_]*(?:\.[a-z0-9_]+)*): (?<reason>.+)$/su;

/** Returns the error unchanged where it names no path, or a path that the caller did not write. */
export const withCallersField = (error: TurnError, fieldOf: CallersField | undefined): TurnError => {
  const { field, reason } = FIELD_AND_REASON.exec(error.message)?.groups ?? {};
  if (fieldOf === undefined || field === undefined || reason === undefined || !ABOUT_FIELDS.has(error.code))
    return error;
  const path = fieldOf(field.split('.'));
  if (path === undefined) return error;
  const { code, details, cause } = error;
  return new TurnError(code, invalid('openai', path, reason).message, {
    param: pathText('openai', path),
    ...(details !== undefined && { details }),
    ...(cause !== undefined && { cause }),
  });
};

/**
 * Maps each block to the caller's path. Computed only when an error needs it: most requests have no error and many
 * blocks.
 */
export type BlockPaths = Map<object, Path>;

/** Records the caller's path of these blocks, where it is needed. */
export const written = <Block extends object>(
  blocks: readonly Block[],
  at: Path,
  blockPaths: BlockPaths | undefined,
): readonly Block[] => {
  if (blockPaths !== undefined) for (const block of blocks) blockPaths.set(block, at);
  return blocks;
};
