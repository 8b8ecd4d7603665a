/**
 * Between workerd and podman 4.3's Docker socket, whose answers differ from Docker's in two places: a
 * name that is taken (500, not 409), and a container whose network others share (it will not be removed).
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';

/** Listens on `socketPath` and passes everything on to `podman`. */
export const startDockerSocket = async (socketPath: string, podman: string): Promise<http.Server> => {
  rmSync(socketPath, { force: true });
  const server = http.createServer((request, response) => {
    pass(request, podman).then(
      ({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(status === 204 ? undefined : body),
      (error: unknown) => response.writeHead(500).end(JSON.stringify({ message: String(error) })),
    );
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return server;
};

const pass = async (request: http.IncomingMessage, podman: string): Promise<{ status: number; body: Buffer }> => {
  const { method, headers, url = '/' } = request;
  const removesSidecar = method === 'DELETE' && url.endsWith('-proxy?force=true');
  const path = removesSidecar ? `${url.replace('/containers/', '/v4.0.0/libpod/containers/')}&depend=true` : url;
  const outgoing = http.request({ socketPath: podman, method, path, headers });
  outgoing.end(await buffer(request));
  const [answer] = (await once(outgoing, 'response')) as [http.IncomingMessage];
  const body = await buffer(answer);
  const status = answer.statusCode ?? 500;
  if (status === 500 && body.includes('already in use')) return { status: 409, body };
  return { status: method === 'DELETE' && status === 200 ? 204 : status, body };
};
