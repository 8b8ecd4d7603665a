/** A server that holds as many conversations as HOLDS says. A stream lasts as many milliseconds as its body says after `lasts:`. */
import { text } from 'node:stream/consumers';
import { smallServer } from './small-server.ts';

const headers = { 'x-proxy-internal-conversations': process.env['HOLDS'] ?? '0' };

smallServer((request, response) => {
  void text(request).then((body) => {
    const ms = Number(/lasts:(\d+)/.exec(body)?.[1] ?? 0);
    if (!body.includes('"stream":true'))
      return response.writeHead(200, { ...headers, 'content-type': 'application/json' }).end('{}');
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' }).write('data: {"first":true}\n\n');
    setTimeout(() => response.end('data: [DONE]\n\n'), ms);
    return undefined;
  });
});
