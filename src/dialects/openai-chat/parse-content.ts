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
import { written, type Places } from '../callers-field.ts';
import type { ResultPart, UserPart } from './wire.ts';

const textsOf = (content: string | readonly { readonly text: string }[] | null | undefined): readonly string[] => {
  if (content === null || content === undefined) return [];
  return typeof content === 'string' ? [content] : content.map((part) => part.text);
};

/** Where the content stands in the caller's request, and who wants to know that of each block. */
interface At {
  readonly path: Path;
  readonly places: Places | undefined;
}

type Texts = string | readonly { readonly text: string }[] | null;

export const systemBlocks = (content: Texts, { path, places }: At): readonly TextBlock[] =>
  written(textBlocks(textsOf(content)), path, places);

export const userBlocks = (
  content: string | readonly UserPart[] | null,
  { path, places }: At,
): readonly Anthropic.ContentBlockParam[] => {
  if (content === null || typeof content === 'string') return written(textBlocks(textsOf(content)), path, places);
  return content.flatMap((part, index) => {
    const at = [...path, index];
    return written(userBlock(part, at), at, places);
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
  { path, places }: At,
): string | (TextBlock | ImageBlock)[] | undefined => {
  if (content === null || content === undefined || content === '') return undefined;
  if (typeof content === 'string') return content;
  const blocks = content.flatMap((part, index): readonly (TextBlock | ImageBlock)[] => {
    const at = [...path, index];
    const made =
      part.type === 'text' ? textBlocks([part.text]) : [imageBlock(part.image_url.url, [...at, 'image_url', 'url'])];
    return written(made as readonly (TextBlock | ImageBlock)[], at, places);
  });
  return blocks.length === 0 ? undefined : blocks;
};
