import type { Env } from '../env';
import { transportOf } from '../http/session-cookie';

/** Under which origin whoever asked reaches us: a proxy that ends TLS in front of us hands plain http on. */
export function originOf({ req, env }: { req: { raw: Request }; env: Env }): string {
  const url = new URL(req.raw.url);
  return `${transportOf(req.raw, env) === 'https' ? 'https:' : url.protocol}//${url.host}`;
}
