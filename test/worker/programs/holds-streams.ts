/** Answers at once, and never ends a stream. */
import { text } from 'node:stream/consumers';
import { smallServer } from './small-server.ts';

smallServer((request, response) => {
  void text(request).then((body) => {
    if (!body.includes('"stream":true'))
      return response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => response.write('data: {"more":true}\n\n'), 50);
    return response.on('close', () => clearInterval(timer));
  });
});
