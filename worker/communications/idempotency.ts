import { createHash } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { KeptAnswer } from '../../objects/request-keys/contract';
import { ProblemError } from '../http/problems';
import type { CommsEnv } from './context';

/** Larger answers are none of ours. */
const LARGEST_ANSWER = 512 * 1_024;

/**
 * Runs a request at most once per scope and `Idempotency-Key`: a repeat within 24 hours gets the first one's answer, with
 * `Idempotent-Replayed: true`. Without a key it just runs. A refused request frees the key. The body must have been read
 * before (`jsonBody`).
 *
 * @param scopeOf whose keys they are: never of client input alone
 */
export const idempotent =
  (scopeOf: (variables: CommsEnv['Variables']) => string): MiddlewareHandler<CommsEnv> =>
  async (c, next) => {
    const key = c.req.header('idempotency-key');
    if (key === undefined) return next();
    if (!/^[\x21-\x7e]{1,255}$/.test(key))
      throw new ProblemError('invalid_request', 'The Idempotency-Key does not validate.', {
        errors: [{ field: 'Idempotency-Key', message: '1 to 255 visible characters' }],
      });
    const { pathname, search } = new URL(c.req.url);
    const text = await c.req.text();
    const hash = createHash('sha256')
      .update(`${c.req.method} ${pathname}${search}\n${text}`)
      .digest('base64');
    const keys = c.env.REQUEST_KEYS.getByName(scopeOf(c.var));
    const claim = await keys.claim({ key, hash });
    switch (claim.kind) {
      case 'reused':
        throw new ProblemError('key_reused', 'This Idempotency-Key was used with another request.');
      case 'in_flight':
        throw new ProblemError(
          'key_in_flight',
          'The first request with this Idempotency-Key is still going on.',
          { headers: { 'Retry-After': '1' } },
        );
      case 'answered':
        return replayed(claim.answer);
      case 'run':
    }
    let answer: KeptAnswer | null = null;
    try {
      await next();
      answer = await kept(c.res);
    } finally {
      await keys.settle({ key, hash, answer });
    }
    return undefined;
  };

async function kept(response: Response): Promise<KeptAnswer | null> {
  if (!response.ok) return null;
  const body = await response.clone().text();
  if (body.length > LARGEST_ANSWER) return null;
  return { status: response.status, body, contentType: response.headers.get('content-type') };
}

const replayed = ({ status, body, contentType }: KeptAnswer): Response =>
  new Response(body === '' ? null : body, {
    status,
    headers: {
      'Idempotent-Replayed': 'true',
      ...(contentType !== null && { 'Content-Type': contentType }),
    },
  });
