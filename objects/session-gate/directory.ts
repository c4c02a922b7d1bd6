import { and, asc, eq, inArray, isNotNull, isNull, lt, or } from 'drizzle-orm';
import { openDb } from '../../worker/db';
import { bridges, roleOverrides, roles, sessions, tenants, users } from '../../worker/db/schema';
import { effectiveSettings } from '../../worker/db/settings';
import type { SessionRow } from './machine';
import type { TenantCopy, UserCopy } from './store';

/** So that one round stays short; the next one takes the rest. */
const PRUNE_BATCH = 1_000;

/** What the gate reads of D1, always inside its own tenant. */
export class Directory {
  readonly #db;

  constructor(
    binding: D1Database,
    private readonly tenantId: string,
  ) {
    this.#db = openDb(binding);
  }

  /**
   * A session's record. When it was last used is not in it: now, since a session whose idle time ran out is marked
   * revoked in D1 before the gate forgets it.
   */
  async session(sid: string, now: number): Promise<SessionRow | null> {
    const row = await this.#db.query.sessions.findFirst({
      where: and(eq(sessions.id, sid), eq(sessions.tenantId, this.tenantId)),
    });
    if (row === undefined) return null;
    return {
      sid: row.id,
      userId: row.userId,
      kind: row.kind,
      jti: row.jti,
      createdAt: row.createdAt,
      lastUsedAt: now,
      expiresAt: row.expiresAt,
      revokedAt: row.revokedAt,
      userAgent: row.userAgent,
      address: row.address,
    };
  }

  /** A user with their role; deleted counts as disabled. Null when there is no such user in this tenant. */
  async user(userId: string, now: number): Promise<Omit<UserCopy, 'voidBefore'> | null> {
    const [row] = await this.#db
      .select({ user: users, role: roles, changed: roleOverrides.permissions })
      .from(users)
      .innerJoin(roles, eq(users.roleId, roles.id))
      .leftJoin(
        roleOverrides,
        and(eq(roleOverrides.roleId, roles.id), eq(roleOverrides.tenantId, this.tenantId)),
      )
      .where(and(eq(users.id, userId), eq(users.tenantId, this.tenantId)));
    if (row === undefined) return null;
    return {
      userId,
      username: row.user.username,
      displayName: row.user.displayName,
      roleId: row.role.id,
      role: row.role.name,
      // A tenant may have made something else of a system role.
      permissions: row.changed ?? row.role.permissions,
      disabled: row.user.disabledAt !== null || row.user.deletedAt !== null,
      loadedAt: now,
    };
  }

  async tenant(now: number): Promise<TenantCopy | null> {
    const row = await this.#db.query.tenants.findFirst({ where: eq(tenants.id, this.tenantId) });
    if (row === undefined) return null;
    const settings = effectiveSettings(row.settings);
    const enrolled = await this.#db
      .select({ id: bridges.id, number: bridges.number, name: bridges.name })
      .from(bridges)
      .where(
        and(eq(bridges.tenantId, this.tenantId), isNotNull(bridges.publicKey), isNull(bridges.revokedAt)),
      )
      .orderBy(asc(bridges.number));
    return {
      view: {
        id: row.id,
        name: row.name,
        kind: row.kind,
        timeZone: row.timeZone,
        country: row.country,
        phoneShards: settings.phoneShards,
        phoneAccessTtlSec: settings.dialerAccessTtlSec,
        bridges: enrolled,
      },
      disabled: row.disabledAt !== null,
      loadedAt: now,
    };
  }

  /** Marks a session's record; the first mark stays. */
  async markRevoked(sid: string, at: number, by: string): Promise<void> {
    await this.#db
      .update(sessions)
      .set({ revokedAt: at, revokedBy: by })
      .where(and(eq(sessions.id, sid), eq(sessions.tenantId, this.tenantId), isNull(sessions.revokedAt)));
  }

  /** Deletes records of sessions that ended, or reached their end, before `before`; at most `PRUNE_BATCH` at a time. */
  async prune(before: number): Promise<void> {
    const over = this.#db
      .select({ id: sessions.id })
      .from(sessions)
      .where(
        and(
          eq(sessions.tenantId, this.tenantId),
          or(lt(sessions.revokedAt, before), lt(sessions.expiresAt, before)),
        ),
      )
      .limit(PRUNE_BATCH);
    await this.#db.delete(sessions).where(inArray(sessions.id, over));
  }
}
