import { isPackage } from '../util/own-command.ts';

/** Shows the log of the Worker as it comes. */
export const LOG_COMMAND = isPackage() ? 'npx wrangler tail opencode-claude-proxy' : 'npm run tail';
