// The door of a self-hosted server. The runtime keeps two descriptors and about 100 KiB for every connection, cannot
// refuse any and dies when it runs out of descriptors; it also never notices that a phone hung up. So phones and
// browsers connect here: polls travel on one line to the Worker (line.ts), live sockets are told from here (live.ts),
// everything else is passed through, and what is more than the machine can carry is refused in words.
import {
  Agent,
  createServer,
  request as sendRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { askedByUs, forwarded, passedOn, withoutHops, type AddressRules } from './headers.ts';
import { connectionLimits, openFilesLimit, UPSTREAM_CONNECTIONS, type ConnectionLimits } from './limits.ts';
import { LineClient, type LineAnswer } from './line.ts';
import { isLive, LiveFront } from './live.ts';

export interface FrontOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Address of the Worker's `FrontEntry` on loopback, asked for again when the runtime was restarted. */
  upstream(): Promise<URL>;
  /** What `FRONT_TOKEN` of the Worker is. */
  token: string;
  address: AddressRules;
  warn?(line: string): void;
  limits?: ConnectionLimits;
}

export interface Front {
  url: URL;
  /** Polls parked right now. */
  parked(): number;
  /** Releases parked polls empty, then closes; takes about a second while phones poll. */
  close(): Promise<void>;
}

/** A runtime that was restarted is back in less; requests that came meanwhile wait for it. */
const RESTART_MS = 10_000;
const DIALER = /^\/api\/(?:v1\/)?(?:token|phone)(?:[/?]|$)/;
const PULL = /^\/api\/(?:v1\/)?phone\/calls\/pull\/?(?:\?|$)/;
/** As in `worker/dialer/pull.ts`. */
const MIN_EMPTY_MS = 1_050;
/** Bytes of a request's line and headers: the longest query a list of ours takes fits twice. */
const MAX_HEADERS = 32 * 1024;
/** Connections over the limit that still hear why; the rest are closed. */
const REFUSED_IN_WORDS = 100;
const BUSY = JSON.stringify({
  detail: 'The server has no connection left. Try again in a few seconds.',
  error: true,
  code: 'RATE_LIMITED',
  message: 'The server has no connection left. Try again in a few seconds.',
});
const AWAY = JSON.stringify({
  detail: 'The server is starting again. Try again in a moment.',
  error: true,
  code: 'INTERNAL',
  message: 'The server is starting again. Try again in a moment.',
});
const REFUSAL =
  `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\nConnection: close\r\n` +
  `Content-Length: ${Buffer.byteLength(BUSY)}\r\n\r\n${BUSY}`;

export async function startFront(options: FrontOptions): Promise<Front> {
  const limits = options.limits ?? connectionLimits(openFilesLimit());
  const warn = options.warn ?? ((line: string) => console.warn(line));
  const proof = passedOn(options.token);
  const own = askedByUs(options.token);
  const agent = new Agent({ keepAlive: true, maxSockets: UPSTREAM_CONNECTIONS, scheduling: 'lifo' });
  let upstream = await options.upstream();
  const line = new LineClient({
    address: async () => {
      upstream = await options.upstream();
      return new URL('/__line', upstream.href.replace(/^http/, 'ws'));
    },
    headers: own,
    warn,
  });
  await line.open();

  const server = createServer(
    { keepAliveTimeout: 75_000, headersTimeout: 20_000, requestTimeout: 0, maxHeaderSize: MAX_HEADERS },
    (req, res) => {
      if (req.method === 'GET' && PULL.test(req.url ?? '')) poll(line, req, res);
      else {
        void line.whenUp(RESTART_MS).then(() => {
          if (!res.destroyed) pass(req, res, { upstream, agent, headers: headersOf(req) });
        });
      }
    },
  );
  const headersOf = (req: IncomingMessage, word = proof, upgrade = false): string[] =>
    forwarded(req.rawHeaders, req.socket.remoteAddress, options.address, word, upgrade);

  server.on('clientError', refuseUnread);
  const open = limitConnections(server, limits);
  const live = new LiveFront({ upstream: () => upstream, agent, proof: own });
  let sockets = 0;
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    // It is we who ask who that is, in the client's words.
    if (isLive(req.url)) return live.upgrade(req, socket, head, headersOf(req, own));
    if (sockets >= limits.sockets) return void socket.end(REFUSAL);
    sockets += 1;
    // Its other end, at the runtime, is a descriptor of ours too.
    open.count += 1;
    socket.once('close', () => {
      sockets -= 1;
      open.count -= 1;
    });
    tunnel(req, socket, head, upstream, headersOf(req, proof, true));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port, backlog: 4_096 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`),
    parked: () => line.waiting,
    async close() {
      server.close();
      live.close();
      await line.close(MIN_EMPTY_MS);
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

/** Answers what can't be read as a request at all. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const tooLong = error.code === 'HPE_HEADER_OVERFLOW';
  const message = tooLong ? 'The request line and headers are too long.' : 'This is no HTTP request.';
  const body = JSON.stringify({ detail: message, error: true, code: 'INVALID_PARAMS', message });
  const status = tooLong ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Refuses in words what is over the limit, and without a word what is far over it. Answers the running count. */
function limitConnections(server: Server, limits: ConnectionLimits): { count: number } {
  const open = { count: 0 };
  server.maxConnections = limits.clients + REFUSED_IN_WORDS;
  server.on('connection', (socket: Socket) => {
    open.count += 1;
    socket.once('close', () => (open.count -= 1));
    if (open.count > limits.clients) socket.end(REFUSAL, () => socket.destroySoon());
  });
  return open;
}

/** Holds a phone's poll: no request of the runtime, no connection of its. */
function poll(line: LineClient, req: IncomingMessage, res: ServerResponse): void {
  req.resume();
  const n = line.poll(req.url ?? '', req.headers.authorization ?? null, (answer) => answerPoll(res, answer));
  res.once('close', () => {
    if (!res.writableFinished) line.gone(n);
  });
}

/** False when the phone was gone before the answer was on its way. */
function answerPoll(res: ServerResponse, { status, body }: LineAnswer): Promise<boolean> {
  if (res.destroyed || res.socket === null || res.socket.destroyed) return Promise.resolve(false);
  const headers: Record<string, string | number> = { 'Cache-Control': 'no-store' };
  if (status !== 204) headers['Content-Type'] = 'application/json';
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="api"';
  if (status !== 204) headers['Content-Length'] = Buffer.byteLength(body);
  res.writeHead(status, headers);
  return new Promise((resolve) => {
    res.once('close', () => resolve(res.writableFinished));
    res.end(body, () => resolve(true));
  });
}

/** Where requests are passed on to. */
interface Upstream {
  upstream: URL;
  agent: Agent;
  headers: string[];
}

/**
 * Passes a request through, streaming both ways. A kept connection may be closed by the runtime at the very moment it is
 * used again: what has no effect is then asked once more, on another one.
 */
function pass(req: IncomingMessage, res: ServerResponse, to: Upstream, isRepeat = false): void {
  const hasNoEffect = req.method === 'GET' || req.method === 'HEAD';
  const up = sendRequest({
    host: to.upstream.hostname,
    port: to.upstream.port,
    method: req.method,
    path: req.url,
    headers: to.headers,
    agent: to.agent,
  });
  up.once('response', (answer) => {
    res.writeHead(answer.statusCode ?? 502, withoutHops(answer.rawHeaders));
    answer.pipe(res);
    answer.once('error', () => res.destroy());
  });
  up.once('error', () => {
    if (hasNoEffect && up.reusedSocket && !isRepeat && !res.headersSent && !res.destroyed)
      return pass(req, res, to, true);
    // A phone tries again after a broken connection; a 5xx to its refresh signs it out for good.
    if (res.headersSent || DIALER.test(req.url ?? '')) return void res.destroy();
    res.writeHead(503, {
      'Content-Type': 'application/json',
      'Retry-After': '1',
      'Cache-Control': 'no-store',
    });
    res.end(AWAY);
  });
  res.once('close', () => {
    if (!res.writableFinished) up.destroy();
  });
  if (isRepeat) up.end();
  else req.pipe(up);
}

/** Joins the two ends of a WebSocket; the handshake's answer comes from the Worker. */
function tunnel(req: IncomingMessage, client: Duplex, head: Buffer, upstream: URL, headers: string[]): void {
  const up = connect({ host: upstream.hostname, port: Number(upstream.port), noDelay: true });
  const lines = [`${req.method} ${req.url} HTTP/1.1`];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  up.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) up.write(head);
  const end = (): void => {
    up.destroy();
    client.destroy();
  };
  up.on('error', end);
  client.on('error', end);
  up.on('close', end);
  client.on('close', end);
  up.pipe(client).pipe(up);
}
