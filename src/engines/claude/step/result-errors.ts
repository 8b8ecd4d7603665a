/** Converts the CLI's report of a failed turn to an error of the closed list. Pure. */
import { ownCommand } from '../../../util/own-command.ts';
import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import { codeOfUpstreamStatus, TurnError } from '../../../turn/errors.ts';

/** The error of a `result` with `is_error`; `retryAfterSeconds` comes from limits reported during the turn. */
export const errorOfResult = (result: SDKResultMessage, retryAfterSeconds?: number): TurnError => {
  const text = result.subtype === 'success' ? result.result : result.errors.join('; ');
  const status = result.subtype === 'success' ? result.api_error_status : undefined;
  const details = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (/^not logged in/i.test(text)) {
    return new TurnError(
      'not_logged_in',
      `Claude Code on the server is not logged in. Its owner can run ` +
        `\`${ownCommand('claude', 'auth login')}\` there, ` +
        'or set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY.',
    );
  }
  // The API's own message, which clients look for, was "prompt is too long: …".
  if (/^prompt is too long/i.test(text)) return new TurnError('upstream_invalid_request', 'prompt is too long');
  if (typeof status === 'number') return new TurnError(codeOfUpstreamStatus(status), upstreamMessage(text), details);
  if (/usage limit|you've (hit|reached) your/i.test(text))
    return new TurnError('upstream_rate_limited', upstreamMessage(text), details);
  if (/timed? ?out/i.test(text)) return new TurnError('upstream_timeout', upstreamMessage(text));
  return new TurnError('upstream_unreachable', upstreamMessage(text) || 'Claude Code could not reach the API.');
};

/** Removes what the CLI wraps around the API's message: its prefixes, and advice with the host of the gateway. */
const upstreamMessage = (text: string): string =>
  text
    .replace(/^(Failed to authenticate\. )?API Error: (Request rejected \(\d+\) · )?(\d{3} )?/, '')
    .replace(/\. This is a server-side issue, usually temporary — .*$/s, '')
    .replace(/ Check the gateway set in ANTHROPIC_BASE_URL.*$/s, '');
