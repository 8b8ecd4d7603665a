/** A server whose door for the login hangs after it was asked once. */
import { smallServer } from './small-server.ts';

let asked = 0;
smallServer((request, response) => {
  if (request.method === 'PUT') return response.writeHead(204).end();
  if (request.url === '/internal/credentials' && (asked += 1) > 1) return undefined;
  response.writeHead(200, { 'content-type': 'application/json' });
  return response.end('{"credentials":null}');
});
