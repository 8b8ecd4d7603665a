/** Answers with the request's path, headers and body, and with its own environment and settings. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { bootstraps, smallServer } from './small-server.ts';

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { url, method, headers } = request;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ url, method, headers, body: await text(request), environment: process.env, bootstraps }),
  );
};

smallServer((request, response) => void answer(request, response));
