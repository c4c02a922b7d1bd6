import type { Env } from '../env';

/** Header with which the front of a self-hosted server (`scripts/front`) proves itself. */
const TOKEN_HEADER = 'x-trunkline-front';

/** Where the front asks who wants a live socket that it will hold itself. */
export const SEAT_PATH = '/__live-seat';

/** Whether a request comes from our own front; on Cloudflare's network there is none. */
export const isFront = (request: Request, env: Env): boolean =>
  Boolean(env.FRONT_TOKEN) && request.headers.get(TOKEN_HEADER) === env.FRONT_TOKEN;
