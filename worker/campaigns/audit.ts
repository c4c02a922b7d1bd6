/** Who changed what in this room. */
import type { Context } from 'hono';
import { openDb } from '../db';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import type { AppEnv } from '../http/context';

/** Notes a change by the signed-in user; see `recordAudit`. */
export const audit = (
  c: Context<AppEnv>,
  action: string,
  target: string | null,
  before: unknown,
  after: unknown,
): Promise<void> =>
  recordAudit(
    openDb(c.env.DB),
    c.var.identity,
    action,
    target,
    before,
    after,
    clientAddress(c.req.raw, c.env),
  );
