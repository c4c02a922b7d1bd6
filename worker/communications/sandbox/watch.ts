import type { Context, Next } from 'hono';
import { sandboxOf } from '../../../objects/sandbox/contract';
import type { CommsEnv } from '../context';

/** Of the headers of a request these may be shown: its token may not. */
const SHOWN = ['content-type', 'idempotency-key', 'user-agent'];

/**
 * Runs a request to the public API. One of a sandbox counts against what a sandbox takes, and its developer sees it with
 * its answer, whatever that was.
 *
 * @param kind the operation, `POST /messages`
 * @returns after how long to come back, milliseconds; null where it was let through
 */
export async function watched(
  c: Context<CommsEnv>,
  { kind, cost }: { kind: string; cost: number },
  next: Next,
): Promise<number | null> {
  const { tenantId } = c.var.client;
  const name = sandboxOf(tenantId);
  if (name === null) {
    await next();
    return null;
  }
  const sandbox = c.env.SANDBOX.getByName(name);
  const admitted = await sandbox.admit({ tenantId, cost });
  if (!admitted.ok) return admitted.retryAfterMs;
  const startedAt = Date.now();
  await next();
  const { method, url } = c.req.raw;
  const { pathname, search } = new URL(url);
  const answer = { status: c.res.status, body: await c.res.clone().text(), ms: Date.now() - startedAt };
  const headers = SHOWN.flatMap((header) => {
    const value = c.req.header(header);
    return value === undefined ? [] : [[header, value] as const];
  });
  const request = {
    method,
    url: `${pathname}${search}`,
    headers: Object.fromEntries(headers),
    body: await bodyOf(c),
  };
  try {
    await sandbox.note(tenantId, {
      direction: 'in',
      kind,
      deliveries: [],
      attempt: null,
      request,
      answer,
      error: null,
    });
  } catch (error) {
    console.warn('a sandbox could not be shown a request to the public API:', error);
  }
  return null;
}

/** As it was read; null where there was none, or nothing of it was kept because it is too large. */
async function bodyOf(c: Context<CommsEnv>): Promise<string | null> {
  if (c.res.status === 413) return null;
  try {
    const text = await c.req.text();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}
