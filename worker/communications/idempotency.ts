import { createHash } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { KeptAnswer } from '../../objects/request-keys/contract';
import { openText, sealText } from '../auth/secrets';
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
    const scope = scopeOf(c.var);
    const keys = c.env.REQUEST_KEYS.getByName(scope);
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
        return replayed(claim.answer, opened(c.env, scope, claim.answer.body));
      case 'run':
    }
    let answer: KeptAnswer | null = null;
    try {
      await next();
      answer = await kept(c.res, (body) => sealText(c.env, scope, KEPT, body));
    } finally {
      await keys.settle({ key, hash, answer });
    }
    return undefined;
  };

/** An answer may hold a secret that is shown once: it rests sealed. */
const KEPT = 'kept-answer';

/** @throws ProblemError key_reused where the key it was sealed with is gone: what it said can't be told again */
function opened(env: CommsEnv['Bindings'], scope: string, sealed: string): string {
  const body = openText(env, scope, KEPT, sealed);
  if (body === null)
    throw new ProblemError('key_reused', 'What this Idempotency-Key was answered is not readable any more.');
  return body;
}

async function kept(response: Response, seal: (body: string) => string): Promise<KeptAnswer | null> {
  if (!response.ok) return null;
  const body = await response.clone().text();
  if (body.length > LARGEST_ANSWER) return null;
  return { status: response.status, body: seal(body), contentType: response.headers.get('content-type') };
}

const replayed = ({ status, contentType }: KeptAnswer, body: string): Response =>
  new Response(body === '' ? null : body, {
    status,
    headers: {
      'Idempotent-Replayed': 'true',
      ...(contentType !== null && { 'Content-Type': contentType }),
    },
  });
