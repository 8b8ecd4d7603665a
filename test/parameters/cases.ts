/** What a case of the parameter tables says, in data: what is asked, and what must have reached the upstream. */
import { expect } from 'vitest';
import type { Fate, Parameter, ParameterCase } from '../../src/dialects/parameters.ts';
import { apiAbilities } from '../../src/engines/api/abilities.ts';
import { abilitiesFor } from '../../src/engines/claude/abilities.ts';
import { sha256 } from '../../src/util/sha256.ts';
import type { EngineName } from '../conformance/set-up.ts';

export const HAIKU = 'claude-haiku-4-5-20251001';
export const SONNET_55 = 'claude-sonnet-5-5';
export const OPUS_55 = 'claude-opus-5-5';

/** Names of MODEL_MAP in these tests: requests for them are fitted to the model. */
export const MODEL_MAP = `mapped-haiku=${HAIKU},mapped-sonnet=${SONNET_55},mapped-opus=${OPUS_55},mapped-effort=claude-opus-4-5-20251101`;

export interface Case {
  /** Name of the row. */
  readonly row: string;
  /** Over the dialect's plain request; an undefined member takes one away. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Sent beside the body. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Only there; absent: on both. */
  readonly engine?: EngineName;
  readonly login?: 'subscription';
  /** Matches the upstream's body. Messages are compared in one spelling, `system` as the caller's texts. */
  readonly sent?: Readonly<Record<string, unknown>>;
  /** Members that the upstream's body must not have. */
  readonly absent?: readonly string[];
  /** For what the spelling above hides: `cache_control`, headers. */
  readonly raw?: (body: unknown, headers: Readonly<Record<string, unknown>>) => void;
  readonly ignored?: readonly string[];
  readonly emulated?: readonly string[];
  /** What becomes of the row's parameter without a word to the caller. */
  readonly silent?: 'ignored' | 'emulated';
  /** A refusal: `param` as the dialect writes it. Nothing reaches the upstream. */
  readonly refused?: { readonly status?: number; readonly param: string; readonly says?: RegExp };
  /** What the answer's text, streamed or not, must show and hide. */
  readonly shows?: RegExp;
  readonly hides?: RegExp;
}

export const fateShown = ({ row, refused, ignored = [], emulated = [], silent }: Case): Fate => {
  if (refused !== undefined) return 'refused';
  if (silent !== undefined) return silent;
  // A tool that is left out is told by its place: `tools[0]`.
  if (ignored.some((name) => name === row || name.startsWith(`${row}[`))) return 'ignored';
  return emulated.includes(row) ? 'emulated' : 'applied';
};

const engines = [apiAbilities, abilitiesFor('subscription')];

/** Whether there is an engine that a case of the table is of. */
const occurs = (one: ParameterCase): boolean => {
  const lacks = one.if?.lacks ?? one.lacks;
  return lacks === undefined || engines.some((abilities) => !abilities[lacks]);
};

/** Fates of the table without a case, and cases of no row. */
export const gaps = (table: readonly Parameter[], cases: readonly Case[]): readonly string[] => {
  const shown = new Set(cases.map((one) => `${one.row}: ${fateShown(one)}`));
  const told = table.flatMap(({ name, fate, cases: exceptions = [] }) =>
    [fate, ...exceptions.filter(occurs).map((one) => one.fate)].map((one) => `${name}: ${one}`),
  );
  return [
    ...told.filter((one) => !shown.has(one)).map((one) => `no case shows ${one}`),
    ...[...shown].filter((one) => !told.includes(one)).map((one) => `no row says ${one}`),
  ];
};

export const user = (content: unknown) => ({ role: 'user', content });
export const text = (content: string) => ({ type: 'text', text: content });
export const hashed = (value: string) => ({ metadata: { user_id: sha256(value) } });
export const schema = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
};
export const ephemeral = { type: 'ephemeral' };
/** Claude Code says `disabled` where the API needs no word. */
export const withoutThinking = (body: unknown): void => {
  const { thinking = { type: 'disabled' } } = body as { thinking?: object };
  expect(thinking).toEqual({ type: 'disabled' });
};
/** A system message as text of the user. */
export const reminder = (content: string) => text(`<system-reminder>\n${content}\n</system-reminder>`);
/** One white pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/58BAwAI/AL+X8rhtwAAAABJRU5ErkJggg==';
export const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };
