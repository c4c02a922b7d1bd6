import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { phoneQueueName } from '../lib/names';
import type {
  CheckResult,
  OpenSessionInput,
  RevokeResult,
  SessionGateApi,
  SessionView,
  TenantView,
} from './contract';
import { deliver } from './deliver';
import { Directory } from './directory';
import { FanoutStore } from './fanout';
import { COPY_LIFE_MS, isTouchDue, refusalOf, type SessionRow } from './machine';
import { SESSION_GATE_MIGRATIONS } from './migrations';
import { SessionStore, type TenantCopy, toView, type UserCopy } from './store';

const FORGET_EVERY_MS = 3_600_000;
/** How long the record of a session that is over stays in D1; the audit log says longer who signed in. */
const KEEP_RECORDS_MS = 90 * 24 * 3_600_000;
/** A round of deliveries is over by then, unless we died in the middle of it. */
const TAKE_OVER_MS = 5_000;
/** Deliveries of one round; the alarm takes the rest. */
const FANOUT_BATCH = 50;

/** One tenant's sessions; see the contract for what it promises. */
export class SessionGate extends DurableObject<Env> implements SessionGateApi {
  readonly #tenantId: string;
  readonly #store: SessionStore;
  readonly #fanout: FanoutStore;
  readonly #directory: Directory;
  #forgotAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (ctx.id.name === undefined) throw new Error('a SessionGate is reached by its tenant id only');
    this.#tenantId = ctx.id.name;
    this.#store = new SessionStore(ctx.storage.sql);
    this.#fanout = new FanoutStore(ctx.storage.sql);
    this.#directory = new Directory(env.DB, this.#tenantId);
    void ctx.blockConcurrencyWhile(() =>
      Promise.resolve(migrateObject(ctx.storage, SESSION_GATE_MIGRATIONS)),
    );
  }

  async open(input: OpenSessionInput): Promise<CheckResult> {
    const now = Date.now();
    // Read anew at every sign-in, so that a user disabled a moment ago does not slip in on an old copy.
    const user = await this.#loadUser(input.userId);
    const isVoid = user !== null && input.createdAt < user.voidBefore;
    this.#store.addSession({ ...input, lastUsedAt: now, revokedAt: isVoid ? now : null });
    await this.#forgetDead(now);
    return this.check(input.sid, input.jti);
  }

  async check(sid: string, jti: string | null): Promise<CheckResult> {
    const session = this.#store.session(sid) ?? (await this.#loadSession(sid));
    if (session === null) return { ok: false, reason: 'unknown' };
    const user = await this.#user(session.userId);
    const tenant = await this.#tenant();
    return this.#judge(sid, jti, user, tenant);
  }

  async rotate(sid: string, oldJti: string, newJti: string): Promise<CheckResult> {
    const checked = await this.check(sid, oldJti);
    if (!checked.ok) return checked;
    // Another rotation may have been faster while a copy was being read.
    const session = this.#store.session(sid);
    const refusal = session === null ? 'unknown' : refusalOf(session, oldJti, Date.now());
    if (refusal !== null) return { ok: false, reason: refusal };
    this.#store.setJti(sid, newJti, Date.now());
    return checked;
  }

  async revokeSession(input: { sid: string; by: string; userId?: string }): Promise<RevokeResult> {
    const now = Date.now();
    const session = this.#store.session(input.sid) ?? (await this.#loadSession(input.sid));
    if (session === null || (input.userId !== undefined && session.userId !== input.userId)) {
      return { ok: true, revoked: 0, pending: 0 };
    }
    await this.#tenant();
    const revoked = this.#endSessions([session], input.by, now);
    return { ok: true, revoked, pending: await this.#drain() };
  }

  async revokeUser(input: { userId: string; by: string; exceptSid?: string }): Promise<RevokeResult> {
    await this.#user(input.userId);
    await this.#tenant();
    const now = Date.now();
    const sessions = this.#store.sessionsOf(input.userId).filter(({ sid }) => sid !== input.exceptSid);
    this.#store.voidSessions(input.userId, now);
    const revoked = this.#endSessions(sessions, input.by, now);
    return { ok: true, revoked, pending: await this.#drain() };
  }

  async userChanged(input: { userId: string; by: string }): Promise<RevokeResult> {
    const before = this.#store.user(input.userId);
    const after = await this.#loadUser(input.userId);
    await this.#tenant();
    const revoked = after === null ? 0 : this.#followUser(before, after, input.by);
    return { ok: true, revoked, pending: await this.#drain() };
  }

  roleChanged(roleId: string): Promise<void> {
    this.#store.ageUsersOfRole(roleId);
    return Promise.resolve();
  }

  async tenantChanged(): Promise<void> {
    await this.#loadTenant();
    await this.#drain();
  }

  async tenant(): Promise<TenantView | null> {
    const tenant = await this.#tenant();
    return tenant === null || tenant.disabled ? null : tenant.view;
  }

  sessionsOf(userId: string): Promise<SessionView[]> {
    const now = Date.now();
    const alive = this.#store.sessionsOf(userId).filter((session) => refusalOf(session, null, now) === null);
    return Promise.resolve(alive.map(toView));
  }

  /** Tells again what a target has not acknowledged. */
  override async alarm(): Promise<void> {
    await this.#drain();
  }

  /** No `await` in here: what was read last is what counts. */
  #judge(sid: string, jti: string | null, user: UserCopy | null, tenant: TenantCopy | null): CheckResult {
    const now = Date.now();
    const session = this.#store.session(sid);
    if (session === null || user === null || tenant === null) return { ok: false, reason: 'unknown' };
    const refusal = refusalOf(session, jti, now);
    if (refusal !== null) return { ok: false, reason: refusal };
    if (user.disabled || tenant.disabled) return { ok: false, reason: 'disabled' };
    if (isTouchDue(session, now)) this.#store.touch(sid, now);
    return {
      ok: true,
      identity: {
        sid,
        kind: session.kind,
        userId: user.userId,
        username: user.username,
        displayName: user.displayName,
        roleId: user.roleId,
        role: user.role,
        permissions: user.permissions,
        tenant: tenant.view,
        expiresAt: session.expiresAt,
      },
    };
  }

  /** Ends sessions in one piece with the list of who must be told. Answers how many were still alive. */
  #endSessions(sessions: readonly SessionRow[], by: string, now: number): number {
    const alive = sessions.filter((session) => session.revokedAt === null);
    const shards = this.#store.tenant()?.view.phoneShards;
    this.ctx.storage.transactionSync(() => {
      for (const { sid, kind, userId } of alive) {
        const subject = `session:${sid}`;
        this.#store.revoke(sid, now);
        this.#fanout.add({ target: 'd1', subject, verb: 'revoke', by }, now);
        if (kind !== 'phone') this.#fanout.add({ target: 'hub', subject, verb: 'revoke', by }, now);
        else if (shards !== undefined) {
          const queue = phoneQueueName(this.#tenantId, userId, shards);
          this.#fanout.add({ target: `phone:${queue}`, subject, verb: 'revoke', by }, now);
        }
      }
    });
    return alive.length;
  }

  /** What follows from a user's new state. Answers how many sessions it ended. */
  #followUser(before: UserCopy | null, after: UserCopy, by: string): number {
    const shards = this.#store.tenant()?.view.phoneShards;
    if (shards === undefined) return 0;
    const now = Date.now();
    const subject = `user:${after.userId}`;
    const queue = `phone:${phoneQueueName(this.#tenantId, after.userId, shards)}`;
    if (!after.disabled && before?.disabled !== false) {
      this.#fanout.add({ target: queue, subject, verb: 'restore', by }, now);
    }
    if (after.disabled) {
      this.#fanout.add({ target: queue, subject, verb: 'revoke', by }, now);
      this.#fanout.add({ target: 'hub', subject, verb: 'revoke', by }, now);
    }
    const roleChanged = before !== null && before.roleId !== after.roleId;
    if (!after.disabled && !roleChanged) return 0;
    this.#store.voidSessions(after.userId, now);
    return this.#endSessions(this.#store.sessionsOf(after.userId), by, now);
  }

  /** Tells every target that is due; the alarm set first takes over if we die in the middle. */
  async #drain(): Promise<number> {
    await this.#setAlarm(TAKE_OVER_MS);
    const due = this.#fanout.due(Date.now(), FANOUT_BATCH);
    const told = await Promise.allSettled(
      due.map((item) => deliver(item, this.env, this.#tenantId, this.#directory)),
    );
    told.forEach((outcome, index) => {
      const item = due[index];
      if (item === undefined) return;
      if (outcome.status === 'fulfilled') return this.#fanout.acknowledge(item);
      this.#fanout.postpone(item, Date.now(), Math.random());
      console.warn(
        `session gate ${this.#tenantId}: ${item.target} not told of ${item.subject} (${String(outcome.reason)})`,
      );
    });
    await this.#setAlarm();
    return this.#fanout.pending();
  }

  /** For the next delivery that is due, at the earliest `notBeforeMs` from now. */
  async #setAlarm(notBeforeMs = 0): Promise<void> {
    const at = this.#fanout.nextAt();
    if (at === null) return this.ctx.storage.deleteAlarm();
    await this.ctx.storage.setAlarm(Math.max(at, Date.now() + notBeforeMs));
  }

  async #forgetDead(now: number): Promise<void> {
    if (now - this.#forgotAt < FORGET_EVERY_MS) return;
    this.#forgotAt = now;
    const unmarked = this.#store.forgetDead(now);
    for (const { sid } of unmarked)
      this.#fanout.add({ target: 'd1', subject: `session:${sid}`, verb: 'revoke', by: 'idle' }, now);
    if (unmarked.length > 0) await this.#setAlarm();
    // Nobody waits for it, and what is not deleted now is an hour later.
    this.ctx.waitUntil(
      this.#directory.prune(now - KEEP_RECORDS_MS).catch((error: unknown) => {
        console.warn(`session gate ${this.#tenantId}: old records not deleted (${String(error)})`);
      }),
    );
  }

  async #loadSession(sid: string): Promise<SessionRow | null> {
    const session = await this.#directory.session(sid, Date.now());
    if (session === null) return null;
    const user = await this.#user(session.userId);
    const isVoid = user !== null && session.createdAt < user.voidBefore;
    this.#store.addSession(isVoid ? { ...session, revokedAt: session.revokedAt ?? Date.now() } : session);
    return this.#store.session(sid);
  }

  async #user(userId: string): Promise<UserCopy | null> {
    const copy = this.#store.user(userId);
    if (copy !== null && Date.now() - copy.loadedAt < COPY_LIFE_MS) return copy;
    const user = await this.#refresh(copy, () => this.#loadUser(userId));
    // The notice of this change was lost: what it would have done is done now.
    if (copy !== null && user !== null && user.disabled !== copy.disabled) {
      this.#followUser(copy, user, 'system');
      await this.#setAlarm();
    }
    return user;
  }

  async #loadUser(userId: string): Promise<UserCopy | null> {
    const user = await this.#directory.user(userId, Date.now());
    if (user !== null) this.#store.putUser(user);
    return this.#store.user(userId);
  }

  async #tenant(): Promise<TenantCopy | null> {
    const copy = this.#store.tenant();
    if (copy !== null && Date.now() - copy.loadedAt < COPY_LIFE_MS) return copy;
    return this.#refresh(copy, () => this.#loadTenant());
  }

  async #loadTenant(): Promise<TenantCopy | null> {
    const now = Date.now();
    const before = this.#store.tenant();
    const tenant = await this.#directory.tenant(now);
    if (tenant === null) return null;
    const isOver = tenant.disabled && before?.disabled === false;
    this.ctx.storage.transactionSync(() => {
      this.#store.putTenant(tenant);
      if (!isOver) return;
      // Whoever connects is refused from here on; bridges that are connected have to go.
      for (const { id } of tenant.view.bridges)
        this.#fanout.add({ target: `bridge:${id}`, subject: 'tenant', verb: 'revoke', by: 'system' }, now);
    });
    if (isOver) await this.#setAlarm();
    return tenant;
  }

  /** An old copy serves on while D1 can't be reached: nobody is signed out by an outage of it. */
  async #refresh<T>(copy: T | null, load: () => Promise<T | null>): Promise<T | null> {
    try {
      return await load();
    } catch (error) {
      if (copy === null) throw error;
      console.warn(`session gate ${this.#tenantId}: D1 not read, an older copy serves on (${String(error)})`);
      return copy;
    }
  }
}
