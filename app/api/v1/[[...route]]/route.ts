import { theApi } from '@/lib/service/server/process';

/** The one mount of the HTTP API. Everything it does is in lib/service/server. */
export const dynamic = 'force-dynamic';
export const runtime = 'nodejs';

/**
 * Next.js compresses answers itself and drops `Content-Encoding` from those of a route: the API must answer it in plain
 * bytes, or clients take compressed bytes for text.
 */
function plainly(request: Request): Request {
  if (request.method !== 'GET' && request.method !== 'HEAD') return request;
  const headers = new Headers(request.headers);
  headers.delete('accept-encoding');
  return new Request(request.url, { method: request.method, headers, signal: request.signal });
}

async function handle(request: Request): Promise<Response> {
  const api = await theApi();
  return api.fetch(plainly(request));
}

export {
  handle as DELETE,
  handle as GET,
  handle as HEAD,
  handle as OPTIONS,
  handle as PATCH,
  handle as POST,
  handle as PUT,
};
