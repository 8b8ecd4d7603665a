/**
 * The API names a field by its place in the request that reached it, `messages.2.content.0.image.source`. A caller of
 * another API wrote `messages[3].content[0].image_url.url`, so the error is told in those words.
 */
import { TurnError, type ErrorCode } from '../turn/errors.ts';
import { invalid, pathText, type Path } from './validate.ts';

/** Where the caller wrote what stands at a place of the turn's request; undefined where no field of the caller's is to blame. */
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

const writtenAt = new WeakMap<object, Path>();

/** Remembers where the caller wrote what became this block. */
export const written = <Block extends object>(block: Block, at: Path): Block => {
  writtenAt.set(block, at);
  return block;
};

/** Undefined for a block that was made anew since, or that nobody wrote. */
export const placeOf = (block: object | undefined): Path | undefined =>
  block === undefined ? undefined : writtenAt.get(block);
