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
import { written } from '../callers-field.ts';
import type { ResultPart, UserPart } from './wire.ts';

const textsOf = (content: string | readonly { readonly text: string }[] | null | undefined): readonly string[] => {
  if (content === null || content === undefined) return [];
  return typeof content === 'string' ? [content] : content.map((part) => part.text);
};

export const systemBlocks = (content: string | readonly { readonly text: string }[] | null, path: Path): TextBlock[] =>
  textBlocks(textsOf(content)).map((block) => written(block, path));

export const userBlocks = (content: string | readonly UserPart[] | null, path: Path): Anthropic.ContentBlockParam[] => {
  if (content === null || typeof content === 'string')
    return textBlocks(textsOf(content)).map((block) => written(block, path));
  return content.flatMap((part, index) => {
    const at = [...path, index];
    return userBlock(part, at).map((block) => written(block, at));
  });
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
  const blocks = content.flatMap((part, index): (TextBlock | ImageBlock)[] => {
    const at = [...path, index];
    const made =
      part.type === 'text' ? textBlocks([part.text]) : [imageBlock(part.image_url.url, [...at, 'image_url', 'url'])];
    return made.map((block) => written(block, at));
  });
  return blocks.length === 0 ? undefined : blocks;
};
