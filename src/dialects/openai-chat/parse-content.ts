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
import { written, type BlockPaths } from '../callers-field.ts';
import type { ResultPart, ToolResult, UserPart } from './wire.ts';

const textsOf = (content: string | readonly { readonly text: string }[] | null | undefined): readonly string[] => {
  if (content === null || content === undefined) return [];
  return typeof content === 'string' ? [content] : content.map((part) => part.text);
};

/** The content's path in the caller's request, and where the path of each block is recorded. */
interface At {
  readonly path: Path;
  readonly blockPaths: BlockPaths | undefined;
}

type Texts = string | readonly { readonly text: string }[] | null;

export const systemBlocks = (content: Texts, { path, blockPaths }: At): readonly TextBlock[] =>
  written(textBlocks(textsOf(content)), path, blockPaths);

export const userBlocks = (content: string | null, { path, blockPaths }: At): readonly Anthropic.ContentBlockParam[] =>
  written(textBlocks(textsOf(content)), path, blockPaths);

/** Tool results stand among the parts but are handled elsewhere. */
export const userParts = (
  content: readonly UserPart[],
  { path, blockPaths }: At,
): readonly Anthropic.ContentBlockParam[] =>
  content.flatMap((part, index) => {
    if (part.type === 'tool_result') return [];
    const at = [...path, index];
    return written(userBlock(part, at), at, blockPaths);
  });

const userBlock = (part: Exclude<UserPart, ToolResult>, path: Path): Anthropic.ContentBlockParam[] => {
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return textBlocks([part.text]);
    case 'image':
    case 'input_image':
      return [otherImage(part, path)];
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

type OtherImage = Extract<UserPart, { type: 'image' | 'input_image' }>;

/** An image as the Messages API or the Responses API has it. */
const otherImage = (part: OtherImage, path: Path): ImageBlock => {
  if (part.type === 'input_image') return imageBlock(part.image_url, [...path, 'image_url']);
  const { source } = part;
  if (source.type === 'url') return imageBlock(source.url, [...path, 'source', 'url']);
  return imageBlock(`data:${source.media_type};base64,${source.data}`, [...path, 'source', 'data']);
};

/** The content of a `tool_result`; absent where the tool returned nothing. */
export const resultContent = (
  content: string | readonly ResultPart[] | null | undefined,
  { path, blockPaths }: At,
): string | (TextBlock | ImageBlock)[] | undefined => {
  if (content === null || content === undefined || content === '') return undefined;
  if (typeof content === 'string') return content;
  const blocks = content.flatMap((part, index): readonly (TextBlock | ImageBlock)[] => {
    const at = [...path, index];
    return written(resultBlocks(part, at), at, blockPaths);
  });
  return blocks.length === 0 ? undefined : blocks;
};

const resultBlocks = (part: ResultPart, path: Path): readonly (TextBlock | ImageBlock)[] => {
  if (part.type === 'image_url') return [imageBlock(part.image_url.url, [...path, 'image_url', 'url'])];
  return part.type === 'image' || part.type === 'input_image' ? [otherImage(part, path)] : textBlocks([part.text]);
};
