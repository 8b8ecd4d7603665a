/** Converts text, images and files of OpenAI's APIs to blocks of the Messages API. */
import type Anthropic from '@anthropic-ai/sdk';
import { TurnError } from '../../turn/errors.ts';
import { invalid, pathText } from '../validate.ts';

export type Path = readonly (string | number)[];
export type TextBlock = Anthropic.TextBlockParam;
export type ImageBlock = Anthropic.ImageBlockParam;
type ImageType = Anthropic.Base64ImageSource['media_type'];

const IMAGE_TYPES: Readonly<Record<string, ImageType>> = {
  'image/png': 'image/png',
  'image/jpeg': 'image/jpeg',
  'image/jpg': 'image/jpeg',
  'image/gif': 'image/gif',
  'image/webp': 'image/webp',
};

/** The API refuses text blocks without visible characters. OpenAI clients send many of them; they are removed. */
export const textBlocks = (texts: readonly string[]): TextBlock[] =>
  texts.filter((text) => text.trim() !== '').map((text) => ({ type: 'text', text }));

/** `path` leads to the URL itself. */
export const imageBlock = (url: string, path: Path): ImageBlock => {
  if (/^https?:\/\//iu.test(url)) return { type: 'image', source: { type: 'url', url } };
  const { mediaType, data } = dataUrl(url, path);
  const type = IMAGE_TYPES[mediaType];
  if (type === undefined) throw invalid('openai', path, 'an image must be PNG, JPEG, GIF or WebP.');
  return { type: 'image', source: { type: 'base64', media_type: type, data } };
};

interface FileContent {
  readonly file_data?: string | null | undefined;
  readonly filename?: string | null | undefined;
}

export const fileBlock = (file: FileContent, path: Path): Anthropic.DocumentBlockParam => {
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

export const unsupported = (path: Path, problem: string): TurnError => {
  const param = pathText('openai', path);
  return new TurnError('unsupported_parameter', `Unsupported value for '${param}': ${problem}`, { param });
};
