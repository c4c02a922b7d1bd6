import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { EmailConfig } from '../config.ts';
import { reasonOf } from '../log.ts';
import { ENDPOINTS, type EndpointParts, type Said } from './endpoints.ts';

export const KEY_HEADER = 'X-Api-Key';
const LARGEST_BODY = 1_048_576;

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Serves the endpoints. Listens when it resolves. @throws Error when the port is taken */
export async function serveEndpoints(
  settings: Pick<EmailConfig, 'http' | 'apiKey'>,
  parts: EndpointParts,
): Promise<{ port: number; close(): Promise<void> }> {
  const key = hashOf(settings.apiKey);
  const server = createServer((request, response) => {
    answer(request, key, parts).then(
      (said) => say(response, said),
      (error: unknown) => {
        parts.log.error('an endpoint failed', { error: reasonOf(error) });
        say(response, { status: 500, body: { error: 'A fault of the provider’s own.' } });
      },
    );
  });
  server.requestTimeout = 30_000;
  server.listen(settings.http.port, settings.http.host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : settings.http.port,
    close: async () => {
      const closed = new Promise<void>((settle) => server.close(() => settle()));
      server.closeIdleConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, key: Buffer, parts: EndpointParts): Promise<Said> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://provider');
  if (pathname === '/health' && request.method === 'GET') return { status: 200, body: { ok: true } };
  const given = request.headers[KEY_HEADER.toLowerCase()];
  if (typeof given !== 'string' || !timingSafeEqual(hashOf(given), key))
    return { status: 401, body: { error: `${KEY_HEADER} is missing or wrong.` } };
  const endpoint = Object.hasOwn(ENDPOINTS, pathname) ? ENDPOINTS[pathname] : undefined;
  if (endpoint === undefined) return { status: 404, body: { error: 'No such endpoint.' } };
  if (request.method !== endpoint.method)
    return { status: 405, body: { error: `Ask by ${endpoint.method}.` } };
  const idempotencyKey = request.headers['idempotency-key'];
  const asked = { key: typeof idempotencyKey === 'string' ? idempotencyKey : undefined };
  if (endpoint.method === 'GET')
    return endpoint.answer({ ...asked, tenant: searchParams.get('tenant'), body: undefined }, parts);
  const text = await read(request);
  if (text === null) return { status: 413, body: { error: 'The body is too large.' } };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { status: 400, body: { error: 'The body is no JSON.' } };
  }
  const tenant = typeof body === 'object' && body !== null && 'tenant' in body ? body.tenant : undefined;
  return endpoint.answer({ ...asked, tenant, body }, parts);
}

async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function say(response: ServerResponse, { status, body, retryAfterS }: Said): void {
  if (retryAfterS !== undefined) response.setHeader('retry-after', String(retryAfterS));
  if (status === 413) response.setHeader('connection', 'close');
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
