/** Converts the content of messages and tool results to blocks. */
import type Anthropic from '@anthropic-ai/sdk';
import { fileBlock, imageBlock, textBlocks, unsupported } from '../../openai/content.ts';
import type { ImageBlock, Path, TextBlock } from '../../openai/content.ts';
import { invalid } from '../../validate.ts';
import { written, type BlockPaths } from '../../callers-field.ts';
import type { ContentPart } from '../wire.ts';

export type Content = string | readonly ContentPart[] | null | undefined;
type Document = Anthropic.DocumentBlockParam;
type UserBlock = TextBlock | ImageBlock | Document;

/** Content of user messages and tool results: text, images, files. */
export const userBlocks = (content: Content, path: Path, blockPaths?: BlockPaths): UserBlock[] => {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [...written(textBlocks([content]), path, blockPaths)];
  return content.flatMap((part, index) => written(userBlock(part, [...path, index]), [...path, index], blockPaths));
};

const userBlock = (part: ContentPart, path: Path): UserBlock[] => {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return textBlocks([part.text]);
    case 'refusal':
      return textBlocks([part.refusal]);
    case 'input_image':
      return [image(part, path)];
    case 'input_file':
      return [file(part, path)];
    case 'input_audio':
      throw unsupported(path, 'this server takes text, images, PDF and text files; Claude does not take audio.');
    default:
      return part satisfies never;
  }
};

const image = ({ image_url: url }: Extract<ContentPart, { type: 'input_image' }>, path: Path): ImageBlock => {
  if (typeof url === 'string' && url !== '') return imageBlock(url, [...path, 'image_url']);
  throw unsupported([...path, 'file_id'], 'this server keeps no files; send the image itself in image_url.');
};

const file = (part: Extract<ContentPart, { type: 'input_file' }>, path: Path): Document => {
  const { file_url: url, file_data: data, filename } = part;
  if (typeof data === 'string' || typeof url !== 'string') return fileBlock(part, path);
  if (!/^https?:\/\//iu.test(url)) throw invalid('openai', [...path, 'file_url'], 'expected an http(s) URL.');
  const title = typeof filename === 'string' && filename.trim() !== '' ? { title: filename } : {};
  return { type: 'document', source: { type: 'url', url }, ...title };
};

/** Content of system, developer and assistant messages; the Messages API takes only text there. */
export const plainTextBlocks = (content: Content, path: Path, blockPaths?: BlockPaths): readonly TextBlock[] =>
  textsOf(content, path).flatMap((text, index) =>
    written(textBlocks([text]), typeof content === 'string' ? path : [...path, index], blockPaths),
  );

const textsOf = (content: Content, path: Path): readonly string[] => {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [content];
  return content.map((part, index) => {
    if (part.type === 'refusal') return part.refusal;
    if (part.type === 'input_text' || part.type === 'output_text' || part.type === 'text') return part.text;
    throw invalid('openai', [...path, index, 'type'], `only a user's message can have '${part.type}'.`);
  });
};

/** The content of a `tool_result`; absent where the tool returned nothing. */
export const resultContent = (
  content: Content,
  path: Path,
  blockPaths?: BlockPaths,
): Anthropic.ToolResultBlockParam['content'] => {
  if (content === null || content === undefined || content === '') return undefined;
  if (typeof content === 'string') return content;
  const blocks = userBlocks(content, path, blockPaths);
  return blocks.length === 0 ? undefined : blocks;
};
