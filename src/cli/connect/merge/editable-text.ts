/** What the formats share. */
import type { Json, JsonObject } from '../client.ts';

/** A file of one format, and how a value in it changes. */
export interface EditableText {
  /** The file's content as plain data. */
  readonly data: () => Json;
  readonly set: (path: readonly (string | number)[], value: Json) => void;
  readonly text: () => string;
}

/** The file cannot be read, or something else stands where an entry belongs. The message names place and reason. */
export class MergeError extends Error {
  override readonly name = 'MergeError';
}

export const valueAt = (data: Json | undefined, path: readonly (string | number)[]): Json | undefined =>
  path.reduce<Json | undefined>(
    (each, key) =>
      typeof each === 'object' && each !== null ? (each as Readonly<Record<string | number, Json>>)[key] : undefined,
    data,
  );

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
