/**
 * The API names a field by its place in the request that reached it, `messages.2.content.0.image.source`. A caller of
 * another API wrote `messages[3].content[0].image_url.url`, so the error is told in those words.
 */
import { TurnError, type ErrorCode } from '../turn/errors.ts';
import { invalid, pathText, type Path } from './validate.ts';

/**
 * Where the caller wrote what stands at a place of the turn's request; undefined where no field of the caller's is to
 * blame.
 */
export type CallersField = (place: readonly string[]) => Path | undefined;

const ABOUT_FIELDS: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'unsupported_parameter',
  'upstream_invalid_request',
]);

const PLACE_AND_REASON = /^(?<place>[a-z][a-z_]*(?:\.[a-z0-9_]+)*): (?<reason>.+)$/su;

/** The same error where it names no place, or one that the caller did not write. */
export const inCallersWords = (error: TurnError, fieldOf: CallersField | undefined): TurnError => {
  const { place, reason } = PLACE_AND_REASON.exec(error.message)?.groups ?? {};
  if (fieldOf === undefined || place === undefined || reason === undefined || !ABOUT_FIELDS.has(error.code))
    return error;
  const path = fieldOf(place.split('.'));
  if (path === undefined) return error;
  const { code, details, cause } = error;
  return new TurnError(code, invalid('openai', path, reason).message, {
    param: pathText('openai', path),
    ...(details !== undefined && { details }),
    ...(cause !== undefined && { cause }),
  });
};

/**
 * Where the caller wrote what became each block. Only made when an error asks: most requests have none, and many
 * blocks.
 */
export type Places = Map<object, Path>;

/** Remembers, where anybody wants to know, where the caller wrote what became these blocks. */
export const written = <Block extends object>(
  blocks: readonly Block[],
  at: Path,
  places: Places | undefined,
): readonly Block[] => {
  if (places !== undefined) for (const block of blocks) places.set(block, at);
  return blocks;
};
