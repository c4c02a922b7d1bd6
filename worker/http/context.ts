import type { SessionKind, TenantView } from '../../objects/session-gate/contract';
import type { Action } from '../auth/permissions';
import type { PermissionMap } from '../db/schema';
import type { Env } from '../env';

/** Who makes a request, as the session gate vouched for. */
export interface Identity {
  tenantId: string;
  tenant: TenantView;
  userId: string;
  username: string;
  displayName: string;
  roleId: string;
  /** Name of the role. */
  role: string;
  /** Actions the role grants; see `worker/auth/permissions.ts`. */
  permissions: ReadonlySet<Action>;
  /** `{module: [verb…]}` of the role. */
  permissionMap: PermissionMap;
  sid: string;
  /** `jti` of the token the request came with. */
  jti: string;
  kind: SessionKind;
  via: 'cookie' | 'bearer';
  /** Absolute end of the session, ms; null for a phone. */
  expiresAt: number | null;
}

/** Hono's environment in every room. `identity` is set by `authenticated()`: a public route must not read it. */
export interface AppEnv {
  Bindings: Env;
  Variables: { identity: Identity };
}
