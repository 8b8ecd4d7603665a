/**
 * Detects a body that was written for another endpoint, so that the error names that endpoint instead of the first
 * missing field.
 */
import { invalid, type PathStyle } from './validate.ts';

/** The members that identify a body of each endpoint. */
const SHAPES = [
  { member: 'messages', endpoint: '/v1/chat/completions or /v1/messages', api: 'Chat Completions or Messages' },
  { member: 'input', endpoint: '/v1/responses', api: 'Responses' },
  { member: 'prompt', endpoint: '/v1/completions', api: 'Completions' },
] as const;

type Member = (typeof SHAPES)[number]['member'];

/** Throws `invalid_request` for a body that lacks the member `wanted` and has that of another endpoint. */
export const checkShape = (body: unknown, wanted: Member, style: PathStyle): void => {
  if (typeof body !== 'object' || body === null || wanted in body) return;
  const other = SHAPES.find(({ member }) => member in body && (body as Record<string, unknown>)[member] !== null);
  if (other === undefined) return;
  throw invalid(
    style,
    [other.member],
    `a body with '${other.member}' and no '${wanted}' is one of the ${other.api} API: ask ${other.endpoint}.`,
  );
};
