/**
 * A server whose Claude Code refreshes its login when it may, each time a new one, and answers a turn
 * with the access token it used. A refresh token other than the last one handed out kills it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

interface File {
  claudeAiOauth: { accessToken: string; refreshToken?: string; expiresAt: number };
}

/** Stands for the account's token service: the number of the login that is valid. */
const service = process.env['SERVICE'] ?? '';
let login = '';

const refresh = ({ claudeAiOauth }: File): string => {
  const valid = Number(readFileSync(service, 'utf8'));
  if (claudeAiOauth.refreshToken !== `refresh-${valid}`) process.exit(99);
  writeFileSync(service, String(valid + 1));
  return JSON.stringify({
    claudeAiOauth: {
      accessToken: `access-${valid + 1}`,
      refreshToken: `refresh-${valid + 1}`,
      expiresAt: Date.now() + 8 * 3_600_000,
    },
  });
};

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
  const body = await text(request);
  const door = `${request.method} ${request.url}`;
  if (door === 'GET /ping') return response.end('{}');
  if (door === 'POST /internal/bootstrap' || door === 'PUT /internal/credentials') {
    // As the server does: settings come once, and the login that is in them too.
    if (door.startsWith('PUT') || login === '') login = (JSON.parse(body) as { credentials: string }).credentials;
    return response.writeHead(204).end();
  }
  if (door === 'GET /internal/credentials') return response.end(JSON.stringify({ credentials: login }));
  const file = JSON.parse(login) as File;
  if (file.claudeAiOauth.refreshToken !== undefined && file.claudeAiOauth.expiresAt - Date.now() < 300_000)
    login = refresh(file);
  response.writeHead(200, { 'content-type': 'application/json' });
  return response.end(
    JSON.stringify({
      used: (JSON.parse(login) as File).claudeAiOauth.accessToken,
      holdsRefreshToken: file.claudeAiOauth.refreshToken !== undefined,
    }),
  );
};

createServer((request, response) => void answer(request, response)).listen(Number(process.env['PORT']), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
