// workerd starts a proxy beside each container, in its network, and reaches the ports inside by HTTP CONNECT.
import { createServer } from 'node:http';
import { connect } from 'node:net';

const flag = process.argv.indexOf('--http-ingress-address');
const [host, port] = (flag === -1 ? '0.0.0.0:39001' : process.argv[flag + 1]).split(':');
const server = createServer((request, response) => {
  request.resume();
  response.end(request.url === '/ca' ? 'no certificate' : '{}');
});
server.on('connect', (request, socket, head) => {
  const wanted = Number(
    String(request.headers['x-dst-addr'] ?? request.url)
      .split(':')
      .pop(),
  );
  const inside = connect({ port: wanted, host: '127.0.0.1', noDelay: true });
  const refuse = () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
  socket.on('error', () => socket.destroy()).on('close', () => inside.destroy());
  inside.once('error', refuse).once('connect', () => {
    inside
      .off('error', refuse)
      .on('error', () => socket.destroy())
      .on('close', () => socket.destroy());
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    inside.write(head);
    inside.pipe(socket).pipe(inside);
  });
});
server.listen(Number(port), host);
process.on('SIGTERM', () => process.exit(0));
