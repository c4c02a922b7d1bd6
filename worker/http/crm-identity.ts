/** Who comes from a CRM: by the cookie that its sign-in was swapped for, good for the screens of that CRM and nothing else. */
import { and, eq, isNull } from 'drizzle-orm';
import { parse, serialize } from 'hono/utils/cookie';
import { verifyCrmToken, type CrmSignIn } from '../auth/crm-sign-in';
import type { Action } from '../auth/permissions';
import { openDb } from '../db';
import { crmLinks, tenants } from '../db/schema';
import { effectiveSettings } from '../db/settings';
import type { Env } from '../env';
import type { Identity } from './context';
import { transportOf } from './session-cookie';

/** The only place the cookie is sent to, and where it counts. */
export const CRM_SCREENS = '/retailcrm-admin';
const SECURE_NAME = '__Secure-tl_crm';
const LOOPBACK_NAME = 'tl_crm';

const nameOf = (request: Request, env: Env): string =>
  transportOf(request, env) === 'https' ? SECURE_NAME : LOOPBACK_NAME;

/** `Set-Cookie`; `maxAgeSec` 0 takes it away. */
export const crmCookie = (request: Request, env: Env, token: string, maxAgeSec: number): string =>
  serialize(nameOf(request, env), token, {
    path: CRM_SCREENS,
    httpOnly: true,
    sameSite: 'Lax',
    secure: transportOf(request, env) === 'https',
    maxAge: maxAgeSec,
  });

/** Whether a sign-in still stands: its registration is the one in force, and its tenant is not disabled. */
export async function standingSignIn(
  env: Env,
  signIn: CrmSignIn,
): Promise<typeof tenants.$inferSelect | null> {
  const [row] = await openDb(env.DB)
    .select({ tenant: tenants, version: crmLinks.tokenVersion })
    .from(crmLinks)
    .innerJoin(tenants, eq(tenants.id, crmLinks.tenantId))
    .where(
      and(
        eq(crmLinks.tenantId, signIn.tenantId),
        eq(crmLinks.family, signIn.source),
        isNull(tenants.disabledAt),
      ),
    );
  return row !== undefined && row.version === signIn.version ? row.tenant : null;
}

const ACTIONS: Action[] = ['integration.view', 'integration.manage'];

/** Null when the request has no such cookie, or is for another place. */
export async function identifyByCrm(
  request: Request,
  env: Env,
): Promise<{ ok: true; identity: Identity } | { ok: false } | null> {
  if (!new URL(request.url).pathname.startsWith(`${CRM_SCREENS}/`)) return null;
  const name = nameOf(request, env);
  const token = parse(request.headers.get('cookie') ?? '', name)[name];
  if (token === undefined) return null;
  const signIn = await verifyCrmToken(env, 'cookie', token, Date.now());
  const tenant = signIn === null ? null : await standingSignIn(env, signIn);
  if (signIn === null || tenant === null) return { ok: false };
  const settings = effectiveSettings(tenant.settings);
  return {
    ok: true,
    identity: {
      tenantId: tenant.id,
      tenant: {
        id: tenant.id,
        name: tenant.name,
        kind: tenant.kind,
        timeZone: tenant.timeZone,
        country: tenant.country,
        phoneShards: settings.phoneShards,
        phoneAccessTtlSec: settings.dialerAccessTtlSec,
        bridges: [],
      },
      userId: `crm:${signIn.source}`,
      username: signIn.source,
      displayName: signIn.source,
      roleId: '',
      role: 'crm',
      permissions: new Set(ACTIONS),
      permissionMap: { INTEGRATIONS: ['read', 'write'] },
      sid: signIn.jti,
      jti: signIn.jti,
      kind: 'browser',
      via: 'cookie',
      expiresAt: signIn.expiresAt * 1_000,
    },
  };
}
