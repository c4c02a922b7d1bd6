import { WorkerEntrypoint } from 'cloudflare:workers';
import { RELAY_PATH } from '../objects/call-hub/contract';
import { Line } from './dialer/line';
import type { Env } from './env';
import { isFrontItself, isThroughFront } from './http/front';

const LINE_PATH = '/__line';
/** Followed by the tenant whose live sockets the front holds. */
const LIVE_RELAY_PATH = '/__live-relay/';

/** The API as the front calls it: `fetch` of the app. */
interface App {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>;
}

/**
 * The door for the front of a self-hosted server (`scripts/front`), on a loopback socket of its own: the same app,
 * the line on which the front brings phones' polls, and a socket per tenant for the live sockets it holds. On Cloudflare's network nothing leads here.
 */
export const frontEntry = (app: App) =>
  class FrontEntry extends WorkerEntrypoint<Env> {
    override fetch(request: Request): Response | Promise<Response> {
      if (!isThroughFront(request, this.env)) return new Response('Forbidden\n', { status: 403 });
      const { pathname } = new URL(request.url);
      const isRelay = pathname.startsWith(LIVE_RELAY_PATH);
      // A client that names a path of ours gets what any unknown path gets.
      if ((pathname !== LINE_PATH && !isRelay) || !isFrontItself(request, this.env))
        return app.fetch(request, this.env, this.ctx);
      if (request.headers.get('upgrade') !== 'websocket')
        return new Response('Upgrade required\n', { status: 426 });
      if (isRelay) {
        const tenant = decodeURIComponent(pathname.slice(LIVE_RELAY_PATH.length));
        const hub = this.env.CALL_HUB.getByName(tenant);
        return hub.fetch(`https://call-hub${RELAY_PATH}`, { headers: { upgrade: 'websocket' } });
      }
      const { 0: theirs, 1: ours } = new WebSocketPair();
      new Line(ours, this.env);
      return new Response(null, { status: 101, webSocket: theirs });
    }
  };
