/** Reads the request body: bytes within the limit, then JSON, or a clear error. */
import type { BodyBudget } from '../../access/body-budget.ts';
import { localOwner } from '../../access/keys.ts';
import { TurnError } from '../../turn/errors.ts';
import { ValueCount } from './count-values.ts';
import type { HttpContext } from '../context.ts';
import type { HttpSettings } from '../services.ts';

/** Where the bytes of a body come from. */
export interface BodySource {
  /**
   * Passes each chunk to `take` until the end. Where `take` throws, it rejects with that error and the rest stays
   * unread.
   */
  each(take: (chunk: Uint8Array) => void): Promise<void>;
}

export interface BodyServices {
  /** Keeps the body for the request's summary. */
  readonly keepContent?: boolean;
  readonly settings: Pick<HttpSettings, 'maxBodyBytes'>;
  /** Absent: nothing bounds the bytes of all bodies together. */
  readonly bodies?: BodyBudget;
}

/**
 * The bytes count against the budget until the answer has ended. Throws `unsupported_media_type`, `body_too_large`,
 * what the budget throws, or `client_closed` where the body did not arrive whole.
 */
export const readBody = async (
  c: HttpContext,
  { settings: { maxBodyBytes }, bodies }: BodyServices,
  refuseTypes = refuseOtherThanJson,
): Promise<Uint8Array<ArrayBuffer>> => {
  refuseTypes(essenceOf(c.req.header('content-type')));
  refuseEncodings(c.req.header('content-encoding'));
  const declared = declaredLength(c);
  refuseTooLarge(declared ?? 0, maxBodyBytes);
  const room = await bodies?.reserve(c.get('owner') ?? localOwner, declared ?? maxBodyBytes, c.get('signal'));
  if (room !== undefined) c.get('record').whenEnded(() => room.release());
  const body = await readUpTo(maxBodyBytes, c);
  room?.shrinkTo(body.byteLength);
  return body;
};

const readUpTo = async (maxBodyBytes: number, c: HttpContext): Promise<Uint8Array<ArrayBuffer>> => {
  const chunks: Uint8Array[] = [];
  const count = new ValueCount();
  let [bytes, counted] = [0, 0];
  const take = (chunk: Uint8Array): void => {
    bytes += chunk.byteLength;
    refuseTooLarge(bytes, maxBodyBytes);
    chunks.push(chunk);
    if (bytes <= COUNTED_FROM_BYTES) return;
    for (; counted < chunks.length; counted += 1) count.add(chunks[counted] ?? chunk);
    refuseTooMany(count.values);
  };
  try {
    await (c.env?.peer?.body ?? webBody(c.req.raw)).each(take);
  } catch (error) {
    if (error instanceof TurnError) throw error;
    throw new TurnError('client_closed', 'The request body did not arrive whole.', { cause: error });
  }
  return joined(chunks, bytes);
};

/** Throws `invalid_json`. Its message, which is logged, holds nothing of the body. */
export const parseJson = (bytes: Uint8Array): unknown => {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TurnError(
      'invalid_json',
      text.trim() === '' ? 'The body is empty; it must be JSON.' : `The body is not valid JSON: ${reason(error)}`,
    );
  }
};

/** Other requests get a turn before and after a large body is parsed. */
export const readJson = async (c: HttpContext, services: BodyServices): Promise<unknown> => {
  const bytes = await readBody(c, services);
  if (services.keepContent === true) c.get('record').keeps({ request: startOf(bytes) });
  if (bytes.byteLength <= COUNTED_FROM_BYTES) return parseJson(bytes);
  await othersTurn();
  const body = parseJson(bytes);
  await othersTurn();
  return body;
};

/** Smaller bodies cannot hold enough values to matter. */
const COUNTED_FROM_BYTES = 1024 * 1024;
/** The largest conversations that fit into a model's context have a tenth of them. */
const MOST_VALUES = 500_000;

const refuseTooMany = (values: number): void => {
  if (values <= MOST_VALUES) return;
  throw new TurnError(
    'invalid_request',
    `Invalid request body: it has more than ${MOST_VALUES.toLocaleString('en-US')} values; send fewer messages, ` +
      `blocks or tools.`,
  );
};

const othersTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** The fields of a browser's form. Throws like `readBody`. */
export const readForm = async (c: HttpContext): Promise<URLSearchParams> => {
  const bytes = await readBody(c, { settings: { maxBodyBytes: LARGEST_FORM_BYTES } }, refuseOtherThanForms);
  return new URLSearchParams(new TextDecoder().decode(bytes));
};

const LARGEST_FORM_BYTES = 64 * 1024;

const essenceOf = (type: string | undefined): string => type?.split(';')[0]?.trim().toLowerCase() ?? '';

const refuseOtherThanForms = (essence: string): void => {
  if (essence !== 'application/x-www-form-urlencoded')
    throw new TurnError('unsupported_media_type', 'The body must be what a form of this page sends.');
};

// Clients that send no content type mean JSON.
const refuseOtherThanJson = (essence: string): void => {
  if (essence !== '' && essence !== 'application/json' && !essence.endsWith('+json')) {
    throw new TurnError('unsupported_media_type', `The body must be application/json, not ${printable(essence)}.`);
  }
};

const refuseEncodings = (encoding: string | undefined): void => {
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new TurnError(
      'unsupported_media_type',
      `The body must not be compressed (Content-Encoding: ${printable(encoding)}).`,
    );
  }
};

/** Undefined for a chunked body, which does not announce its length. */
const declaredLength = (c: HttpContext): number | undefined => {
  const declared = c.req.header('content-length');
  return declared === undefined || c.req.header('transfer-encoding') !== undefined ? undefined : Number(declared);
};

const refuseTooLarge = (bytes: number, maxBodyBytes: number): void => {
  if (bytes > maxBodyBytes) {
    throw new TurnError(
      'body_too_large',
      `The body is larger than ${maxBodyBytes} bytes, the limit of this server (MAX_BODY_BYTES).`,
    );
  }
};

const webBody = ({ body }: Request): BodySource => ({
  each: async (take) => {
    const reader = body?.getReader();
    for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read())
      take(next.value);
  },
});

/** At most this many characters of a body are kept; a character has at most four bytes. */
export const LONGEST_KEPT = 300_000;

const startOf = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes.subarray(0, LONGEST_KEPT * 4)).slice(0, LONGEST_KEPT);

const joined = (chunks: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
};

/** The parser's message, up to where it quotes the body. */
const reason = (error: unknown): string =>
  (error instanceof Error ? error.message : '')
    .replace(/ '.', [\s\S]*$/u, '')
    .replace(/^[^\w]*".*$/su, 'it cannot be read')
    .replace(/\.?$/, '.');

/** A caller's text for a header or a message: printable ASCII, at most 500 characters. */
export const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 500);

/** Azure's clients send the model in the path, and none or the same one in the body. */
export const withModelOfPath = (body: unknown, model: string | undefined): unknown =>
  model === undefined || typeof body !== 'object' || body === null ? body : { ...body, model };
