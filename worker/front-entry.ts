import { WorkerEntrypoint } from 'cloudflare:workers';
import { Line } from './dialer/line';
import type { Env } from './env';

/** Header with which the front of a self-hosted server proves itself. */
const TOKEN_HEADER = 'x-trunkline-front';
const LINE_PATH = '/__line';

/** The API as the front calls it: `fetch` of the app. */
interface App {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>;
}

/**
 * The door for the front of a self-hosted server (`scripts/front`), on a loopback socket of its own: the same app,
 * and the line on which the front brings phones' polls. On Cloudflare's network nothing leads here.
 */
export const frontEntry = (app: App) =>
  class FrontEntry extends WorkerEntrypoint<Env> {
    override fetch(request: Request): Response | Promise<Response> {
      const token = this.env.FRONT_TOKEN;
      if (!token || request.headers.get(TOKEN_HEADER) !== token)
        return new Response('Forbidden\n', { status: 403 });
      if (new URL(request.url).pathname !== LINE_PATH) return app.fetch(request, this.env, this.ctx);
      if (request.headers.get('upgrade') !== 'websocket')
        return new Response('Upgrade required\n', { status: 426 });
      const { 0: theirs, 1: ours } = new WebSocketPair();
      new Line(ours, this.env);
      return new Response(null, { status: 101, webSocket: theirs });
    }
  };
