/** Promises a JSON answer of 1,000 bytes and dies after 20. */
import { smallServer } from './small-server.ts';

smallServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
  response.write('{"id":"chatcmpl-1234');
  setTimeout(() => process.exit(1), 50);
});
