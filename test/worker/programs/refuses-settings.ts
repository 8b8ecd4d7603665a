/** A server whose settings are wrong. */
import { createServer } from 'node:http';

createServer((request, response) => {
  if (request.url === '/ping') response.end('{}');
  else response.writeHead(422).end('No login was found.');
}).listen(Number(process.env['PORT']), '127.0.0.1');
