/** Content parts of OpenAI messages to blocks: text, images, files. */
import type Anthropic from '@anthropic-ai/sdk';
import { TurnError } from '../../turn/errors.ts';
import { invalid, pathText } from '../validate.ts';
import type { ResultPart, UserPart } from './wire.ts';

export type Path = readonly (string | number)[];
type Text = Anthropic.TextBlockParam;
type Image = Anthropic.ImageBlockParam;
type ImageType = Anthropic.Base64ImageSource['media_type'];

const IMAGE_TYPES: Readonly<Record<string, ImageType>> = {
  'image/png': 'image/png',
  'image/jpeg': 'image/jpeg',
  'image/jpg': 'image/jpeg',
  'image/gif': 'image/gif',
  'image/webp': 'image/webp',
};

/** The API refuses text blocks without a visible character, and OpenAI clients send many: they carry nothing and go. */
export const textBlocks = (texts: readonly string[]): Text[] =>
  texts.filter((text) => text.trim() !== '').map((text) => ({ type: 'text', text }));

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
): string | (Text | Image)[] | undefined => {
  if (content === null || content === undefined || content === '') return undefined;
  if (typeof content === 'string') return content;
  const blocks = content.flatMap((part, index): (Text | Image)[] =>
    part.type === 'text'
      ? textBlocks([part.text])
      : [imageBlock(part.image_url.url, [...path, index, 'image_url', 'url'])],
  );
  return blocks.length === 0 ? undefined : blocks;
};

const imageBlock = (url: string, path: Path): Image => {
  if (/^https?:\/\//iu.test(url)) return { type: 'image', source: { type: 'url', url } };
  const { mediaType, data } = dataUrl(url, path);
  const type = IMAGE_TYPES[mediaType];
  if (type === undefined) throw invalid('openai', path, 'an image must be PNG, JPEG, GIF or WebP.');
  return { type: 'image', source: { type: 'base64', media_type: type, data } };
};

interface FilePart {
  readonly file_data?: string | null | undefined;
  readonly file_id?: string | null | undefined;
  readonly filename?: string | null | undefined;
}

const fileBlock = (file: FilePart, path: Path): Anthropic.DocumentBlockParam => {
  if (typeof file.file_data !== 'string') {
    throw unsupported(
      [...path, 'file_id'],
      'this server keeps no files; send the file itself in file_data, as a data URL.',
    );
  }
  const { mediaType, data } = dataUrl(file.file_data, [...path, 'file_data']);
  const title = typeof file.filename === 'string' && file.filename.trim() !== '' ? { title: file.filename } : {};
  if (mediaType === 'application/pdf')
    return { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data }, ...title };
  if (mediaType.startsWith('text/') || mediaType === 'application/json') {
    return {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: decoded(data, [...path, 'file_data']) },
      ...title,
    };
  }
  throw invalid('openai', [...path, 'file_data'], 'a file must be a PDF or text.');
};

/** `data:<type>;base64,<data>` (RFC 2397); parameters between type and `base64` are allowed and dropped. */
const dataUrl = (url: string, path: Path): { readonly mediaType: string; readonly data: string } => {
  const comma = url.indexOf(',');
  const [scheme = '', ...parameters] = url.slice(0, Math.max(comma, 0)).toLowerCase().split(';');
  const data = url.slice(comma + 1).trim();
  if (!scheme.startsWith('data:') || parameters.at(-1) !== 'base64' || data === '') {
    throw invalid('openai', path, 'expected an http(s) URL or a base64 data URL, such as data:image/png;base64,…');
  }
  return { mediaType: scheme.slice('data:'.length), data };
};

const decoded = (base64: string, path: Path): string => {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  } catch (error) {
    if (error instanceof DOMException) throw invalid('openai', path, 'the data is not base64.');
    throw error;
  }
};

const unsupported = (path: Path, problem: string): TurnError => {
  const param = pathText('openai', path);
  return new TurnError('unsupported_parameter', `Unsupported value for '${param}': ${problem}`, { param });
};
