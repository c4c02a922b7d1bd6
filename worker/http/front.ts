import type { Env } from '../env';

/** Header with which the front of a self-hosted server (`scripts/front`) proves itself, in whatever it passes on. */
const TOKEN_HEADER = 'x-trunkline-front';
/** The same in what the front asks for itself. It takes it off everything that a client sends. */
const OWN_HEADER = 'x-trunkline-front-own';

/** Where the front asks who wants a live socket that it will hold itself. */
export const SEAT_PATH = '/__live-seat';

const carries = (request: Request, env: Env, header: string): boolean =>
  Boolean(env.FRONT_TOKEN) && request.headers.get(header) === env.FRONT_TOKEN;

/** Whether a request came through our own front; on Cloudflare's network there is none. */
export const isThroughFront = (request: Request, env: Env): boolean => carries(request, env, TOKEN_HEADER);

/** Whether our own front asks for itself: no client reaches what is only for it, whatever path they name. */
export const isFrontItself = (request: Request, env: Env): boolean => carries(request, env, OWN_HEADER);
