/** How the servers here are set up. */

/** The key that they ask for. */
export const apiKey = 'key-of-the-client';

/** On a busy machine Claude Code may need longer than usual to begin: an error before that shall still be a status. */
export const serverSettings = { PROXY_API_KEY: apiKey, HEADER_WAIT_MS: '15000' };
