/** SQL of phones and of the sessions they poll under, with what a poll needs remembered in memory. */
import type { DeviceState, HeartbeatInput, RegisterDeviceInput, StuckAlert } from './contract';

/** Polls write a device's last-seen no oftener than this. */
export const SEEN_EVERY_MS = 60_000;
/** A session is asked for again at the gate after a day: a forgotten notice heals itself. */
export const SESSION_COPY_LIFE_MS = 86_400_000;

type DeviceRow = {
  row_id: string;
  device_id: string;
  user_id: string;
  username: string;
  name: string;
  simulator: number;
  has_push_token: number;
  app_version: string | null;
  encryption_enabled: number | null;
  last_seen_at: number | null;
  last_poll_code: number | null;
  last_poll_at: number | null;
  stuck_since: number | null;
  stuck_count: number | null;
  stuck_oldest_sec: number | null;
  stuck_by_type: string | null;
  last_sid: string | null;
  created_at: number;
};

export type Device = Omit<DeviceState, 'polling' | 'waiting'>;
export type SessionVerdict = 'alive' | 'revoked' | 'unknown';

export class DeviceStore {
  /** Read per poll; emptied with the object's memory. Key: user and device id. */
  readonly #known = new Map<string, Device>();
  readonly #byUser = new Map<string, Device[]>();
  readonly #sessions = new Map<string, { userId: string; revoked: boolean; checkedAt: number }>();

  constructor(private readonly sql: SqlStorage) {}

  find(userId: string, deviceId: string): Device | null {
    const key = `${userId} ${deviceId}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [row] = this.sql
      .exec<DeviceRow>('SELECT * FROM devices WHERE user_id = ? AND device_id = ?', userId, deviceId)
      .toArray();
    if (row === undefined) return null;
    const device = toDevice(row);
    this.#known.set(key, device);
    return device;
  }

  byRow(rowId: string): Device | null {
    const [row] = this.sql.exec<DeviceRow>('SELECT * FROM devices WHERE row_id = ?', rowId).toArray();
    return row === undefined ? null : toDevice(row);
  }

  /** A user's phones, oldest first. */
  of(userId: string): readonly Device[] {
    let known = this.#byUser.get(userId);
    if (known === undefined) this.#byUser.set(userId, (known = this.list(userId)));
    return known;
  }

  /** The user's phone that was heard of last. */
  lastSeen(userId: string): Device | null {
    return this.list(userId).toSorted((a, b) => (b.lastSeenAt ?? 0) - (a.lastSeenAt ?? 0))[0] ?? null;
  }

  /** All, or one user's, oldest first; read anew. */
  list(userId?: string): Device[] {
    return this.sql
      .exec<DeviceRow>(
        'SELECT * FROM devices WHERE ?1 IS NULL OR user_id = ?1 ORDER BY created_at, row_id',
        userId ?? null,
      )
      .toArray()
      .map(toDevice);
  }

  /** Makes or updates the row of a device; absent fields keep what is stored. */
  register(input: Omit<RegisterDeviceInput, 'tenant'>): { device: Device; created: boolean } {
    const before = this.find(input.userId, input.deviceId);
    this.sql.exec(
      `INSERT INTO devices (row_id, device_id, user_id, username, name, simulator, has_push_token, created_at)
       VALUES (?1, ?2, ?3, ?4, coalesce(?5, ''), coalesce(?6, 0), coalesce(?7, 0), ?8)
       ON CONFLICT (user_id, device_id) DO UPDATE SET username = excluded.username, name = coalesce(?5, name),
         simulator = coalesce(?6, simulator), has_push_token = coalesce(?7, has_push_token)`,
      input.deviceRowId,
      input.deviceId,
      input.userId,
      input.username,
      input.name ?? null,
      flag(input.simulator),
      flag(input.hasPushToken),
      input.now,
    );
    this.#forget(input.userId, input.deviceId);
    const device = this.find(input.userId, input.deviceId);
    if (device === null) throw new Error('a device just stored is gone');
    return { device, created: before === null };
  }

  remove(rowId: string): { device: Device; lastSid: string | null } | null {
    const [row] = this.sql
      .exec<DeviceRow>('DELETE FROM devices WHERE row_id = ? RETURNING *', rowId)
      .toArray();
    if (row === undefined) return null;
    this.#forget(row.user_id, row.device_id);
    return { device: toDevice(row), lastSid: row.last_sid };
  }

  /** A poll came; written at most once a minute. */
  seen(device: Device, sid: string, now: number): void {
    if (device.lastSeenAt !== null && now - device.lastSeenAt < SEEN_EVERY_MS && now >= device.lastSeenAt)
      return;
    this.sql.exec(
      'UPDATE devices SET last_seen_at = ?, last_sid = ? WHERE row_id = ?',
      now,
      sid,
      device.deviceRowId,
    );
    device.lastSeenAt = now;
  }

  heartbeat(device: Device, input: HeartbeatInput): Device {
    const stuck = stuckAfter(device.stuck, input);
    this.sql.exec(
      `UPDATE devices SET name = coalesce(?, name), app_version = coalesce(?, app_version),
         encryption_enabled = coalesce(?, encryption_enabled), last_poll_code = coalesce(?, last_poll_code),
         last_poll_at = coalesce(?, last_poll_at), last_seen_at = ?, stuck_since = ?, stuck_count = ?,
         stuck_oldest_sec = ?, stuck_by_type = ? WHERE row_id = ?`,
      input.name ?? null,
      input.appVersion ?? null,
      flag(input.encryptionEnabled),
      input.lastPollCode ?? null,
      input.lastPollAt ?? null,
      input.now,
      stuck?.since ?? null,
      stuck?.count ?? null,
      stuck?.oldestAgeSec ?? null,
      stuck === null ? null : JSON.stringify(stuck.byType),
      device.deviceRowId,
    );
    this.#forget(device.userId, device.deviceId);
    return this.find(device.userId, device.deviceId) ?? device;
  }

  /** Whether a session may poll; `unknown` asks the caller to look it up and `keepSession` it. */
  session(sid: string, userId: string, now: number): SessionVerdict {
    let known = this.#sessions.get(sid);
    if (known === undefined) {
      const [row] = this.sql
        .exec<{ user_id: string; revoked: number; checked_at: number }>(
          `SELECT user_id, checked_at, revoked_at IS NOT NULL OR EXISTS (SELECT 1 FROM revoked_users r
             WHERE r.user_id = sessions.user_id) AS revoked FROM sessions WHERE sid = ?`,
          sid,
        )
        .toArray();
      if (row === undefined) return this.#isUserRevoked(userId) ? 'revoked' : 'unknown';
      known = { userId: row.user_id, revoked: row.revoked === 1, checkedAt: row.checked_at };
      this.#sessions.set(sid, known);
    }
    if (known.revoked) return 'revoked';
    if (known.userId !== userId) return 'revoked';
    return now - known.checkedAt > SESSION_COPY_LIFE_MS ? 'unknown' : 'alive';
  }

  /** Notes what the gate said. A revocation that came in the meantime is stronger. */
  keepSession(sid: string, userId: string, now: number): void {
    this.sql.exec(
      `INSERT INTO sessions (sid, user_id, checked_at) VALUES (?, ?, ?)
       ON CONFLICT (sid) DO UPDATE SET checked_at = excluded.checked_at`,
      sid,
      userId,
      now,
    );
    this.#sessions.delete(sid);
  }

  revokeSession(sid: string, now: number): void {
    this.sql.exec(
      `INSERT INTO sessions (sid, user_id, revoked_at, checked_at) VALUES (?1, '', ?2, ?2)
       ON CONFLICT (sid) DO UPDATE SET revoked_at = coalesce(revoked_at, ?2)`,
      sid,
      now,
    );
    this.#sessions.delete(sid);
  }

  /** Refuses the user, and for good every session known of theirs. */
  revokeUser(userId: string, now: number): void {
    this.sql.exec(
      'INSERT INTO revoked_users (user_id, at) VALUES (?, ?) ON CONFLICT DO NOTHING',
      userId,
      now,
    );
    this.sql.exec('UPDATE sessions SET revoked_at = coalesce(revoked_at, ?) WHERE user_id = ?', now, userId);
    this.#sessions.clear();
  }

  restoreUser(userId: string): void {
    this.sql.exec('DELETE FROM revoked_users WHERE user_id = ?', userId);
    this.#sessions.clear();
  }

  /** Drops copies of sessions that the gate would be asked for again anyway. */
  pruneSessions(now: number): void {
    this.sql.exec('DELETE FROM sessions WHERE checked_at < ?', now - 2 * SESSION_COPY_LIFE_MS);
    this.#sessions.clear();
  }

  #forget(userId: string, deviceId: string): void {
    this.#known.delete(`${userId} ${deviceId}`);
    this.#byUser.delete(userId);
  }

  #isUserRevoked(userId: string): boolean {
    return this.sql.exec('SELECT 1 FROM revoked_users WHERE user_id = ?', userId).toArray().length > 0;
  }
}

/** The alert after a heartbeat: raised or refreshed by a stuck queue, gone when it clears, kept when nothing is said. */
export function stuckAfter(before: StuckAlert | null, input: HeartbeatInput): StuckAlert | null {
  if (input.queueStuck === undefined || input.queueStuck === null) return before;
  if (!input.queueStuck) return null;
  return {
    since: before?.since ?? input.now,
    count: input.stuckCount ?? before?.count ?? 0,
    oldestAgeSec: input.oldestStuckAgeSec ?? before?.oldestAgeSec ?? null,
    byType: input.stuckByType ?? before?.byType ?? {},
  };
}

const flag = (value: boolean | null | undefined): number | null => (value == null ? null : value ? 1 : 0);

const toDevice = (row: DeviceRow): Device => ({
  deviceRowId: row.row_id,
  deviceId: row.device_id,
  userId: row.user_id,
  username: row.username,
  name: row.name,
  simulator: row.simulator === 1,
  hasPushToken: row.has_push_token === 1,
  appVersion: row.app_version,
  encryptionEnabled: row.encryption_enabled === null ? null : row.encryption_enabled === 1,
  lastSeenAt: row.last_seen_at,
  lastPollCode: row.last_poll_code,
  lastPollAt: row.last_poll_at,
  stuck:
    row.stuck_since === null
      ? null
      : {
          since: row.stuck_since,
          count: row.stuck_count ?? 0,
          oldestAgeSec: row.stuck_oldest_sec,
          byType: JSON.parse(row.stuck_by_type ?? '{}') as Record<string, number>,
        },
  createdAt: row.created_at,
});
