/** A click on a number, wherever it was clicked: rings an extension and then the number, once per click. */
import { and, eq } from 'drizzle-orm';
import type { ClickOutcome } from '../../../objects/caller-guide/contract';
import type { TenantView } from '../../../objects/session-gate/contract';
import { openDb } from '../../db';
import { extensions } from '../../db/schema';
import type { Env } from '../../env';
import { PlatformError } from '../../http/errors';
import { startPbxCall } from '../../platform/bridge-calls';

/** The customer's name on the phone is worth this much of the manager's patience, milliseconds. */
const NAME_MS = 150;

export interface Click {
  extension: string;
  /** As it was given. */
  phone: string;
}

export interface Placed {
  /** As HTTP has it; 200: the extension is being rung. */
  status: 200 | 400 | 500 | 502;
  /** What whoever clicked is told of anything else. */
  text: string;
  /** Null: nothing was begun by this click. */
  callId: string | null;
  to: string;
  /** What the extension's phone shows; null: the number. */
  name: string | null;
  bridgeId: string | null;
}

const isExtension = (text: string): boolean => /^\d{2,5}$/.test(text);

/** @returns whose the extension is (null: nobody's), or undefined where the tenant has none of this number */
export async function ownerOfExtension(
  env: Env,
  tenantId: string,
  extension: string,
): Promise<string | null | undefined> {
  if (!isExtension(extension)) return undefined;
  const [own] = await openDb(env.DB)
    .select({ userId: extensions.userId })
    .from(extensions)
    .where(and(eq(extensions.tenantId, tenantId), eq(extensions.number, extension)));
  return own?.userId;
}

/**
 * Rings. The same extension and number again within moments is the same click: it waits for the first one and is told what
 * that came to, a failure as well.
 */
export async function place(env: Env, tenant: TenantView, { extension, phone }: Click): Promise<Placed> {
  // CRMs send the digits of the international form.
  const digits = phone.replaceAll(/[\s()-]/g, '');
  const to = /^[1-9]\d{10,14}$/.test(digits) ? `+${digits}` : digits;
  const placed = (status: Placed['status'], text: string, more: Partial<Placed> = {}): Placed => ({
    status,
    text,
    callId: null,
    to,
    name: null,
    bridgeId: null,
    ...more,
  });
  if (!isExtension(extension)) return placed(400, 'The extension is not valid.');
  const owner = await ownerOfExtension(env, tenant.id, extension);
  if (owner === undefined) return placed(400, `No extension ${extension} in this company.`);
  if (!/^\+?\d{3,15}$/.test(to)) return placed(400, 'The phone number is not valid.');
  const guide = env.CALLER_GUIDE.getByName(tenant.id);
  const [claim, name] = await Promise.all([
    guide.claimClick({ extension, phone: to }),
    guide.nameOf(to, NAME_MS).catch(() => null),
  ]);
  if (!claim.fresh) {
    const { outcome } = claim;
    if (outcome === null) return placed(502, 'Nobody knows yet what became of the same click a moment ago.');
    return placed(outcome.status as Placed['status'], outcome.body, { name });
  }
  let result = placed(500, 'Something went wrong on our side.');
  try {
    result = await ring(env, tenant, { extension, to, owner, name }, placed);
    return result;
  } finally {
    const outcome: ClickOutcome = { status: result.status, body: result.text };
    await guide
      .settleClick({ extension, phone: to, outcome })
      .catch((error: unknown) => console.warn('a repeat of this click will not know what it came to', error));
  }
}

async function ring(
  env: Env,
  tenant: TenantView,
  {
    extension,
    to,
    owner,
    name,
  }: { extension: string; to: string; owner: string | null; name: string | null },
  placed: (status: Placed['status'], text: string, more?: Partial<Placed>) => Placed,
): Promise<Placed> {
  try {
    const who = { tenant, userId: owner ?? 'crm:retailcrm' };
    const call = { from: extension, to, field: 'phone', ...(name !== null && { name }) };
    const { call_id, bridgeId } = await startPbxCall(env, who, call);
    return placed(200, 'OK', { callId: call_id, name, bridgeId });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const isWrong = error.status < 500 && error.code === 'INVALID_PARAMS';
    return placed(isWrong ? 400 : 502, error.message);
  }
}
