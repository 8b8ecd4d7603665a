/** Says that it will send the end mark, and ends cleanly without: so a death looks in some versions of the platform. */
import { smallServer } from './small-server.ts';

smallServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-proxy-internal': 'eos' });
  response.end('data: {"first":true}\n\ndata: {"cut');
});
