/**
 * What other rooms may ask of a SessionGate: one object per tenant (named by the tenant's id) that answers "is this
 * session alive, whose is it, what may they do" without touching D1, and that owns revocation: once `revoke…`
 * returns, `check` refuses; parked polls and live sockets are ended by a durable fan-out that retries until each
 * target has acknowledged. Times are milliseconds since the epoch. Expected refusals are results with `ok: false`;
 * a throw is a bug or an unreachable object and may be retried.
 */

export const SESSION_KINDS = ['browser', 'api', 'phone'] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/** The tenant as most routes need it, so that no hot path asks D1. */
export interface TenantView {
  id: string;
  name: string;
  kind: 'customer' | 'platform';
  /** IANA time zone. */
  timeZone: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** Into how many PhoneQueue objects the tenant's phone users are spread. */
  phoneShards: number;
  /** Life of a phone's access token, seconds. */
  phoneAccessTtlSec: number;
  /** Bridges that are enrolled and not revoked, so that starting a call reads no database. */
  bridges: { id: string; number: number; name: string }[];
}

/** Who is signed in, as the gate knows it. */
export interface SessionIdentity {
  sid: string;
  kind: SessionKind;
  userId: string;
  username: string;
  displayName: string;
  roleId: string;
  /** The role's name: `admin`, `operator`, … */
  role: string;
  /** `{module: [verb…]}` as stored with the role. */
  permissions: Record<string, string[]>;
  tenant: TenantView;
  /** Absolute end of the session; null for a phone. */
  expiresAt: number | null;
}

/**
 * Why a session is refused: `unknown` no such session here, `revoked` by sign-out or an administrator, `expired` by
 * its absolute end, `idle` unused for too long, `replaced` the token was rotated away, `disabled` the user or tenant is.
 */
export type SessionRefusal = 'unknown' | 'revoked' | 'expired' | 'idle' | 'replaced' | 'disabled';

export type CheckResult = { ok: true; identity: SessionIdentity } | { ok: false; reason: SessionRefusal };

/** A session just written to D1 by `worker/auth/sessions.ts`. */
export interface OpenSessionInput {
  sid: string;
  userId: string;
  kind: SessionKind;
  /** `jti` of the session's token; a phone's tokens are not rotated and carry their own. */
  jti: string;
  createdAt: number;
  expiresAt: number | null;
  userAgent: string | null;
  address: string | null;
}

export interface SessionView {
  sid: string;
  kind: SessionKind;
  createdAt: number;
  /** Written at most every 5 minutes. */
  lastUsedAt: number;
  expiresAt: number | null;
  userAgent: string | null;
  address: string | null;
}

/** `pending` counts targets that have not acknowledged yet and are retried by alarm. */
export interface RevokeResult {
  ok: true;
  /** How many sessions this call ended; 0 when there was nothing left to end. */
  revoked: number;
  pending: number;
}

export interface SessionGateApi extends Rpc.DurableObjectBranded {
  /** Makes a session known before its token is handed out. Idempotent by `sid`. */
  open(input: OpenSessionInput): Promise<CheckResult>;
  /** `jti` null for phones (their tokens are not rotated). Reads the object's own storage only, except on a miss. */
  check(sid: string, jti: string | null): Promise<CheckResult>;
  /** Atomic: of two rotations of one token exactly one wins, the other is `replaced`. */
  rotate(sid: string, oldJti: string, newJti: string): Promise<CheckResult>;
  /** Ends one session at once. `by` is the user id of who did it. `userId`, when given, must be the session's. */
  revokeSession(input: { sid: string; by: string; userId?: string }): Promise<RevokeResult>;
  /** Ends all of a user's sessions, phones included, but `exceptSid`. The user may sign in again. */
  revokeUser(input: { userId: string; by: string; exceptSid?: string }): Promise<RevokeResult>;
  /** A user's row or role changed in D1: reads it again; a user disabled or deleted loses every session. */
  userChanged(input: { userId: string; by: string }): Promise<RevokeResult>;
  /** A role's permission map changed in D1: takes effect with the next check of everyone who has it. */
  roleChanged(roleId: string): Promise<void>;
  /** The tenant's row or settings changed in D1. */
  tenantChanged(): Promise<void>;
  /** The tenant as its sessions carry it; null when there is none, or it is closed. */
  tenant(): Promise<TenantView | null>;
  /** The user's living sessions, the one used last first. */
  sessionsOf(userId: string): Promise<SessionView[]>;
}
