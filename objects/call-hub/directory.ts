/**
 * The hub's copy of the names a call is shown with: users, whose an extension is, phones, the tenant's time zone.
 * Read from D1 when something unknown turns up or when the hub is told of a change, kept in the hub's own SQLite;
 * a call is never held up by it.
 */
import { and, eq, inArray, isNotNull } from 'drizzle-orm';
import { openDb } from '../../worker/db';
import { devices, extensions, tenants, users } from '../../worker/db/schema';
import type { CallDevice, CallUser } from './contract';
import type { Names } from './view';

/** Parameters of one D1 statement are limited to 100. */
const BATCH = 90;
/** An extension nobody has is looked up again at most this often. */
export const RELOAD_EVERY_MS = 60_000;

export interface Wanted {
  users: string[];
  devices: string[];
}

export class Directory implements Names {
  private readonly people = new Map<string, CallUser>();
  private readonly phones = new Map<string, CallDevice>();
  private readonly owners = new Map<string, string>();
  /** When ids that D1 may not have were last asked for, so that each event doesn't ask again. */
  private readonly askedAt = new Map<string, number>();

  constructor(
    private readonly sql: SqlStorage,
    private readonly db: D1Database,
    private readonly tenantId: () => string,
  ) {
    for (const row of sql.exec<{ user_id: string; username: string; name: string }>('SELECT * FROM people')) {
      this.people.set(row.user_id, { id: row.user_id, username: row.username, name: row.name });
    }
    for (const row of sql.exec<{ device_id: string; name: string; simulator: number }>(
      'SELECT * FROM devices',
    )) {
      this.phones.set(row.device_id, { id: row.device_id, name: row.name, simulator: row.simulator === 1 });
    }
    for (const row of sql.exec<{ number: string; user_id: string }>('SELECT * FROM extension_users')) {
      this.owners.set(row.number, row.user_id);
    }
  }

  /** A user not known (yet) is shown by id alone. */
  user = (id: string): CallUser => this.people.get(id) ?? { id, username: '', name: '' };

  /** Whose user name this is, as far as it is known here; what is nobody's is taken for an id. */
  idOf(name: string): string {
    if (this.people.has(name)) return name;
    for (const user of this.people.values()) if (user.username === name) return user.id;
    return name;
  }

  device = (id: string): CallDevice => this.phones.get(id) ?? { id, name: '', simulator: false };

  ownerOf = (extension: string): string | null => this.owners.get(extension) ?? null;

  knowsUser = (id: string): boolean => this.people.has(id);

  /** The user's own extension; of several the lowest. */
  extensionOf(userId: string): string | null {
    const own = [...this.owners].flatMap(([number, owner]) => (owner === userId ? [number] : []));
    return own.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0] ?? null;
  }

  knowsExtension = (extension: string): boolean => this.owners.has(extension);

  /** Which of these have no copy here. */
  private missing(wanted: Wanted): Wanted {
    const now = Date.now();
    const asked = (id: string): boolean => (this.askedAt.get(id) ?? -Infinity) > now - RELOAD_EVERY_MS;
    return {
      users: [...new Set(wanted.users)].filter((id) => !this.people.has(id) && !asked(id)),
      devices: [...new Set(wanted.devices)].filter((id) => !this.phones.has(id) && !asked(id)),
    };
  }

  /** Reads whoever of these has no copy here. Answers whether anything changed. */
  async learn(wanted: Wanted): Promise<boolean> {
    const missing = this.missing(wanted);
    return missing.users.length + missing.devices.length > 0 && (await this.load(missing));
  }

  /** The tenant's IANA time zone, read once. */
  async zone(): Promise<string> {
    if (this.knownZone() === null) await this.loadTenant();
    return this.knownZone() ?? 'UTC';
  }

  /** The same as far as it was read: null before the first time. */
  knownZone = (): string | null => {
    const [row] = this.sql
      .exec<{ value: string }>("SELECT value FROM meta WHERE key = 'time_zone'")
      .toArray();
    return row?.value ?? null;
  };

  /** Reads users and phones by id, always inside the tenant. Answers whether anything changed. */
  async load(wanted: Wanted): Promise<boolean> {
    const db = openDb(this.db);
    const tenant = this.tenantId();
    let changed = false;
    for (const ids of batches(wanted.users)) {
      const rows = await db
        .select({ id: users.id, username: users.username, name: users.displayName })
        .from(users)
        .where(and(eq(users.tenantId, tenant), inArray(users.id, ids)));
      for (const row of rows) changed = this.putUser(row) || changed;
    }
    for (const ids of batches(wanted.devices)) {
      const rows = await db
        .select({ id: devices.id, name: devices.name, simulator: devices.simulator })
        .from(devices)
        .where(and(eq(devices.tenantId, tenant), inArray(devices.id, ids)));
      for (const row of rows) changed = this.putDevice(row) || changed;
    }
    if (this.askedAt.size > 1_000) this.askedAt.clear();
    for (const id of [...wanted.users, ...wanted.devices]) this.askedAt.set(id, Date.now());
    return changed;
  }

  /** Reads whose each extension is, the names of those users, and the tenant's time zone. */
  async loadTenant(): Promise<boolean> {
    const db = openDb(this.db);
    const tenant = this.tenantId();
    const [row] = await db.select({ timeZone: tenants.timeZone }).from(tenants).where(eq(tenants.id, tenant));
    const rows = await db
      .select({ number: extensions.number, id: users.id, username: users.username, name: users.displayName })
      .from(extensions)
      .innerJoin(users, and(eq(users.id, extensions.userId), eq(users.tenantId, tenant)))
      .where(and(eq(extensions.tenantId, tenant), isNotNull(extensions.userId)));
    let changed = rows.length !== this.owners.size;
    for (const { number, ...user } of rows) {
      changed = this.putUser(user) || this.owners.get(number) !== user.id || changed;
    }
    this.owners.clear();
    this.sql.exec('DELETE FROM extension_users');
    for (const { number, id } of rows) {
      this.owners.set(number, id);
      this.sql.exec('INSERT OR REPLACE INTO extension_users VALUES (?, ?)', number, id);
    }
    if (row) this.sql.exec("INSERT OR REPLACE INTO meta VALUES ('time_zone', ?)", row.timeZone);
    return changed;
  }

  /** Ids of every user and phone known here, to be read again after a change. */
  known(): Wanted {
    return { users: [...this.people.keys()], devices: [...this.phones.keys()] };
  }

  private putUser(user: CallUser): boolean {
    const known = this.people.get(user.id);
    if (known?.username === user.username && known.name === user.name) return false;
    this.people.set(user.id, user);
    this.sql.exec('INSERT OR REPLACE INTO people VALUES (?, ?, ?)', user.id, user.username, user.name);
    return true;
  }

  private putDevice(device: CallDevice): boolean {
    const known = this.phones.get(device.id);
    if (known?.name === device.name && known.simulator === device.simulator) return false;
    this.phones.set(device.id, device);
    this.sql.exec(
      'INSERT OR REPLACE INTO devices VALUES (?, ?, ?)',
      device.id,
      device.name,
      device.simulator ? 1 : 0,
    );
    return true;
  }
}

function batches(ids: readonly string[]): string[][] {
  const out: string[][] = [];
  for (let at = 0; at < ids.length; at += BATCH) out.push(ids.slice(at, at + BATCH));
  return out;
}
