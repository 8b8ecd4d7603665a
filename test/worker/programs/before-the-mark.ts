/** A server of an older version: its streams have no end mark. */
import { smallServer } from './small-server.ts';

smallServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end('data: {"old":true}\n\ndata: [DONE]\n\n');
});
