/** Content parts of OpenAI messages to blocks: text, images, files. */
import type Anthropic from '@anthropic-ai/sdk';
import {
  fileBlock,
  imageBlock,
  textBlocks,
  unsupported,
  type ImageBlock,
  type Path,
  type TextBlock,
} from '../openai/content.ts';
import type { ResultPart, UserPart } from './wire.ts';

export const textsOf = (
  content: string | readonly { readonly text: string }[] | null | undefined,
): readonly string[] => {
  if (content === null || content === undefined) return [];
  return typeof content === 'string' ? [content] : content.map((part) => part.text);
};

export const userBlocks = (content: string | readonly UserPart[] | null, path: Path): Anthropic.ContentBlockParam[] => {
  if (content === null || typeof content === 'string') return textBlocks(textsOf(content));
  return content.flatMap((part, index) => userBlock(part, [...path, index]));
};

const userBlock = (part: UserPart, path: Path): Anthropic.ContentBlockParam[] => {
  switch (part.type) {
    case 'text':
      return textBlocks([part.text]);
    case 'image_url':
      return [imageBlock(part.image_url.url, [...path, 'image_url', 'url'])];
    case 'file':
      return [fileBlock(part.file, [...path, 'file'])];
    case 'input_audio':
      throw unsupported(path, 'this server takes text, images, PDF and text files; Claude does not take audio.');
    default:
      return part satisfies never;
  }
};

/** The content of a `tool_result`; none where the tool said nothing. */
export const resultContent = (
  content: string | readonly ResultPart[] | null | undefined,
  path: Path,
): string | (TextBlock | ImageBlock)[] | undefined => {
  if (content === null || content === undefined || content === '') return undefined;
  if (typeof content === 'string') return content;
  const blocks = content.flatMap((part, index): (TextBlock | ImageBlock)[] =>
    part.type === 'text'
      ? textBlocks([part.text])
      : [imageBlock(part.image_url.url, [...path, index, 'image_url', 'url'])],
  );
  return blocks.length === 0 ? undefined : blocks;
};
