/** What the Worker needs of a server in a container, and nothing else: the door, and one path that is said to `answer`. */
import { createServer, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';

/** Bodies of the bootstraps so far. */
export const bootstraps: unknown[] = [];

export const smallServer = (answer: RequestListener): void => {
  const server = createServer((request, response) => {
    if (request.url === '/ping') return response.end('{}');
    if (request.url === '/internal/bootstrap') {
      return void text(request).then((body) => {
        bootstraps.push(JSON.parse(body));
        response.writeHead(204).end();
      });
    }
    return answer(request, response);
  });
  server.listen(Number(process.env['PORT']), '127.0.0.1');
  process.on('SIGTERM', () => process.exit(0));
};
