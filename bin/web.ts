/**
 * The web server's process: pages and API behind the gate. `bin/web.ts --port 3210`, started by the supervisor.
 * Node reads it by itself, types stripped: with the loader of the other processes it took 45 MB more memory. So what it
 * imports names files with their endings.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { parseArgs } from 'node:util';
import next from 'next';
import { gateRules, knock, type Refusal } from '../lib/service/server/gate.ts';
import { whenGone } from '../lib/service/store/processes.ts';
import { root } from './places.ts';

const HOSTNAME = '127.0.0.1';
/** Requests at hand may end; then connections that stay open, as event streams do, are closed. */
const CLOSE_SECONDS = 2;

const { values } = parseArgs({ options: { port: { type: 'string' } } });
const port = Number(values.port);

const bodyOf = ({ code, message }: Pick<Refusal, 'code' | 'message'>): string =>
  JSON.stringify({ error: { code, message, issues: [] } });

function refuse(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(refusal.allow ? { Allow: refusal.allow } : {}),
  });
  response.end(bodyOf(refusal));
}

/** What is no HTTP, or has more headers than fit: the connection is answered by hand, and closed. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return;
  const large = error.code === 'HPE_HEADER_OVERFLOW';
  const line = large ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const message = large ? 'The address or the headers are too long.' : 'This is not an HTTP request.';
  const body = bodyOf({ code: large ? 'too-large' : 'invalid-input', message });
  const head = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  socket.end(`HTTP/1.1 ${line}\r\n${head}\r\n\r\n${body}`);
}

// A supervisor that was killed cannot stop its children.
const supervisor = Number(process.env.TASKATLAS_SUPERVISOR_PID);
if (supervisor > 0) {
  whenGone(supervisor, () => {
    console.error(`supervisor ${supervisor} is gone: ending`);
    process.exit(0);
  });
}

const rules = gateRules(process.env);
const server = createServer();
server.on('clientError', answerBrokenRequest);
const app = next({ dev: false, dir: root, hostname: HOSTNAME, port, httpServer: server });
await app.prepare();
const handle = app.getRequestHandler();

server.on('request', (request: IncomingMessage, response: ServerResponse) => {
  const refusal = knock(request, rules);
  if (refusal) refuse(response, refusal);
  else {
    handle(request, response).catch((error: unknown) => {
      console.error(error);
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    });
  }
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => {
      server.closeAllConnections();
      process.exit(0);
    }, CLOSE_SECONDS * 1000).unref();
  });
}

server.listen(port, HOSTNAME, () => console.log(`ready at http://${HOSTNAME}:${port}`));
