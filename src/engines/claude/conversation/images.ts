/**
 * Which images Claude Code passes on as they are. It makes others smaller, and writes a line about it for the model;
 * measured with 2.1.330: from 480 KB or above 2,000 pixels. Inside a `tool_result` that is sent as a message all of
 * them stay exact. Pure.
 */
import { disableTypes, imageSize, types } from 'image-size';
import type { ContentBlock } from '../../../turn/turn.ts';

const MAX_BYTES = 400 * 1024;
const MAX_SIDE = 2_000;
const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

// Anybody's bytes are read here: only by the readers of the formats that the API takes.
disableTypes(types.filter((type) => !(type in TYPES)));

/** Whether an image of base64 `data` arrives unchanged; one that cannot be read is taken for one that does not. */
export const staysExact = (data: string, mediaType: string): boolean => {
  if (Buffer.byteLength(data, 'base64') > MAX_BYTES) return false;
  const { width, height, type } = sizeOf(data) ?? { width: Infinity, height: Infinity };
  return width <= MAX_SIDE && height <= MAX_SIDE && TYPES[type ?? ''] === mediaType;
};

/** Whether it is an image at all: in place of any other Claude Code sends a sentence about it to the model. */
export const isReadable = (data: string): boolean => sizeOf(data) !== undefined;

const sizeOf = (data: string): ReturnType<typeof imageSize> | undefined => {
  try {
    return imageSize(Buffer.from(data, 'base64'));
  } catch {
    return undefined;
  }
};

/** Whether user content has an image, outside of tool results, that would be altered. */
export const hasAlteredImage = (content: readonly ContentBlock[]): boolean =>
  content.some(
    (block) =>
      block.type === 'image' &&
      block.source.type === 'base64' &&
      !staysExact(block.source.data, block.source.media_type),
  );
