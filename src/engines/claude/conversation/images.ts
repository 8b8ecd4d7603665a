/**
 * Which images Claude Code passes on unchanged. It makes others smaller and adds a line of text for the model; measured
 * with 2.1.330: from 480 KB or above 2,000 pixels. Inside a `tool_result` that is sent as a message all of them stay
 * unchanged. Pure.
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

// The bytes may come from anybody, so only readers of the formats that the API takes are used.
disableTypes(types.filter((type) => !(type in TYPES)));

/** Whether an image of base64 `data` arrives unchanged; one that cannot be read counts as changed. */
export const staysExact = (data: string, mediaType: string): boolean => {
  if (Buffer.byteLength(data, 'base64') > MAX_BYTES) return false;
  const { width, height, type } = sizeOf(data) ?? { width: Infinity, height: Infinity };
  return width <= MAX_SIDE && height <= MAX_SIDE && TYPES[type ?? ''] === mediaType;
};

/** Whether it is an image at all: Claude Code replaces anything else by a sentence to the model. */
export const isReadable = (data: string): boolean => sizeOf(data) !== undefined;

const sizeOf = (data: string): ReturnType<typeof imageSize> | undefined => {
  try {
    return imageSize(Buffer.from(data, 'base64'));
  } catch {
    return undefined;
  }
};

/** Whether user content has an image, outside of tool results, that would be changed. */
export const hasAlteredImage = (content: readonly ContentBlock[]): boolean =>
  content.some(
    (block) =>
      block.type === 'image' &&
      block.source.type === 'base64' &&
      !staysExact(block.source.data, block.source.media_type),
  );
