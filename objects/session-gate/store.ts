import type { PermissionMap } from '../../worker/db/schema';
import type { SessionKind, SessionView, TenantView } from './contract';
import { isForgettable, type SessionRow } from './machine';

export interface UserCopy {
  userId: string;
  username: string;
  displayName: string;
  roleId: string;
  role: string;
  permissions: PermissionMap;
  disabled: boolean;
  loadedAt: number;
  /** Sessions made before this moment are over. */
  voidBefore: number;
}

export interface TenantCopy {
  view: TenantView;
  disabled: boolean;
  loadedAt: number;
}

const SESSION_COLUMNS =
  'sid, user_id, kind, jti, created_at, last_used_at, expires_at, revoked_at, user_agent, address';

type SessionColumns = {
  sid: string;
  user_id: string;
  kind: SessionKind;
  jti: string;
  created_at: number;
  last_used_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  user_agent: string | null;
  address: string | null;
};

const toSession = (row: SessionColumns): SessionRow => ({
  sid: row.sid,
  userId: row.user_id,
  kind: row.kind,
  jti: row.jti,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
  userAgent: row.user_agent,
  address: row.address,
});

export const toView = (session: SessionRow): SessionView => ({
  sid: session.sid,
  kind: session.kind,
  createdAt: session.createdAt,
  lastUsedAt: session.lastUsedAt,
  expiresAt: session.expiresAt,
  userAgent: session.userAgent,
  address: session.address,
});

/** SQL of the gate's sessions and of its copies of users, roles and the tenant. */
export class SessionStore {
  constructor(private readonly sql: SqlStorage) {}

  session(sid: string): SessionRow | null {
    const [row] = this.sql
      .exec<SessionColumns>(`SELECT ${SESSION_COLUMNS} FROM sessions WHERE sid = ?`, sid)
      .toArray();
    return row === undefined ? null : toSession(row);
  }

  sessionsOf(userId: string): SessionRow[] {
    return this.sql
      .exec<SessionColumns>(
        `SELECT ${SESSION_COLUMNS} FROM sessions WHERE user_id = ? AND revoked_at IS NULL ORDER BY last_used_at DESC`,
        userId,
      )
      .toArray()
      .map(toSession);
  }

  /** Keeps what is there: a session that was revoked while it was being loaded stays revoked. */
  addSession(session: SessionRow): void {
    this.sql.exec(
      `INSERT INTO sessions (${SESSION_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sid) DO NOTHING`,
      session.sid,
      session.userId,
      session.kind,
      session.jti,
      session.createdAt,
      session.lastUsedAt,
      session.expiresAt,
      session.revokedAt,
      session.userAgent,
      session.address,
    );
  }

  touch(sid: string, now: number): void {
    this.sql.exec('UPDATE sessions SET last_used_at = ? WHERE sid = ?', now, sid);
  }

  setJti(sid: string, jti: string, now: number): void {
    this.sql.exec('UPDATE sessions SET jti = ?, last_used_at = ? WHERE sid = ?', jti, now, sid);
  }

  revoke(sid: string, now: number): void {
    this.sql.exec('UPDATE sessions SET revoked_at = ? WHERE sid = ? AND revoked_at IS NULL', now, sid);
  }

  /** Removes sessions dead for long; answers those nobody revoked, whose record still looks alive. */
  forgetDead(now: number): SessionRow[] {
    const dead = this.sql
      .exec<SessionColumns>(`SELECT ${SESSION_COLUMNS} FROM sessions`)
      .toArray()
      .map(toSession)
      .filter((session) => isForgettable(session, now));
    for (const { sid } of dead) this.sql.exec('DELETE FROM sessions WHERE sid = ?', sid);
    return dead.filter((session) => session.revokedAt === null);
  }

  user(userId: string): UserCopy | null {
    const [row] = this.sql
      .exec<{
        username: string;
        display_name: string;
        role_id: string;
        name: string;
        permissions: string;
        disabled: number;
        loaded_at: number;
        void_before: number;
      }>('SELECT * FROM users JOIN roles USING (role_id) WHERE user_id = ?', userId)
      .toArray();
    if (row === undefined) return null;
    return {
      userId,
      username: row.username,
      displayName: row.display_name,
      roleId: row.role_id,
      role: row.name,
      permissions: JSON.parse(row.permissions) as PermissionMap,
      disabled: row.disabled === 1,
      loadedAt: row.loaded_at,
      voidBefore: row.void_before,
    };
  }

  /** Replaces the copy of a user and of their role; `voidBefore` is the gate's own and stays. */
  putUser(user: Omit<UserCopy, 'voidBefore'>): void {
    this.sql.exec(
      `INSERT INTO roles (role_id, name, permissions) VALUES (?, ?, ?)
       ON CONFLICT (role_id) DO UPDATE SET name = excluded.name, permissions = excluded.permissions`,
      user.roleId,
      user.role,
      JSON.stringify(user.permissions),
    );
    this.sql.exec(
      `INSERT INTO users (user_id, username, display_name, role_id, disabled, loaded_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (user_id) DO UPDATE SET username = excluded.username, display_name = excluded.display_name,
         role_id = excluded.role_id, disabled = excluded.disabled, loaded_at = excluded.loaded_at`,
      user.userId,
      user.username,
      user.displayName,
      user.roleId,
      user.disabled ? 1 : 0,
      user.loadedAt,
    );
  }

  voidSessions(userId: string, now: number): void {
    this.sql.exec('UPDATE users SET void_before = ? WHERE user_id = ?', now, userId);
  }

  /** Makes every copy of a role's users old, so that each is read again when next needed. */
  ageUsersOfRole(roleId: string): void {
    this.sql.exec('UPDATE users SET loaded_at = 0 WHERE role_id = ?', roleId);
  }

  tenant(): TenantCopy | null {
    const [row] = this.sql
      .exec<{ view: string; disabled: number; loaded_at: number }>('SELECT * FROM tenant')
      .toArray();
    if (row === undefined) return null;
    return {
      // A copy stored before there were bridges has none.
      view: { bridges: [], ...(JSON.parse(row.view) as Omit<TenantView, 'bridges'>) },
      disabled: row.disabled === 1,
      loadedAt: row.loaded_at,
    };
  }

  putTenant(tenant: TenantCopy): void {
    this.sql.exec(
      `INSERT INTO tenant (id, view, disabled, loaded_at) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET view = excluded.view, disabled = excluded.disabled, loaded_at = excluded.loaded_at`,
      JSON.stringify(tenant.view),
      tenant.disabled ? 1 : 0,
      tenant.loadedAt,
    );
  }
}
