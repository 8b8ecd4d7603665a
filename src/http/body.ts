/** The request body: JSON or a clear refusal. */
import type { Context } from 'hono';
import { TurnError } from '../turn/errors.ts';

/** Throws `unsupported_media_type`, `invalid_json`, or `client_closed` where the body did not arrive whole. */
export const readJson = async (c: Context): Promise<unknown> => {
  refuseOtherTypes(c.req.header('content-type'), c.req.header('content-encoding'));
  const text = await readText(c);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TurnError(
      'invalid_json',
      text.trim() === '' ? 'The body is empty; it must be JSON.' : `The body is not valid JSON: ${reason(error)}`,
      { cause: error },
    );
  }
};

// Clients that send no type at all mean JSON.
const refuseOtherTypes = (type: string | undefined, encoding: string | undefined): void => {
  const essence = type?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (essence !== '' && essence !== 'application/json' && !essence.endsWith('+json')) {
    throw new TurnError('unsupported_media_type', `The body must be application/json, not ${printable(essence)}.`);
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new TurnError(
      'unsupported_media_type',
      `The body must not be compressed (Content-Encoding: ${printable(encoding)}).`,
    );
  }
};

const readText = async (c: Context): Promise<string> => {
  try {
    return await c.req.text();
  } catch (error) {
    throw new TurnError('client_closed', 'The request body did not arrive whole.', { cause: error });
  }
};

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Text of a caller, fit for a header or a message: printable ASCII, at most 500 characters. */
export const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 500);
