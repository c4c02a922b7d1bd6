// Puts invented calls straight into a stopped CallHub's SQLite, in the form the object writes them itself.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const DAY_MS = 24 * 3_600_000;
/** The calls lie evenly in this time. */
export const SPAN_MS = 365 * DAY_MS;

/** Steady invented numbers: the same history in every run. */
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 12)) >>> 0) / 2 ** 32;
  };
}

const OUTCOMES = [
  ['answered', 0.6],
  ['no_answer', 0.25],
  ['busy', 0.08],
  ['cancelled', 0.05],
  ['failed', 0.0198],
  ['rejected', 0.0002],
];

const pick = (shares, at) => {
  let sum = 0;
  for (const [value, share] of shares) if ((sum += share) > at) return value;
  return shares[0][0];
};

/** The SQLite file of the tenant's hub in a state directory. */
export function hubFile(stateDir, tenant) {
  const directory = join(stateDir, 'v3/do/trunkline-CallHub');
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.sqlite') || name.startsWith('metadata')) continue;
    const db = new DatabaseSync(join(directory, name));
    try {
      const row = db.prepare("SELECT value FROM meta WHERE key = 'tenant'").get();
      if (row?.value === tenant) return join(directory, name);
    } catch {
      // Not a hub that has started yet.
    } finally {
      db.close();
    }
  }
  throw new Error(`no hub of ${tenant} under ${directory}`);
}

export const numberOf = (n) => `+37529${String(1_000_000 + (n % 300_000)).padStart(7, '0')}`;

/** Adds calls `from`…`to` of a history that ends now. `users` are ids; everybody sees their own. */
export function fill(file, from, to, users, now) {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN');
  const call = db.prepare(
    `INSERT INTO calls (call_id, status, started_at, user_id, record, source, direction, outcome, number, slot_id, bucket)
     VALUES (?, 'ended', ?, ?, ?, ?, ?, ?, ?, ?, '2000-01-01 0')`,
  );
  const viewer = db.prepare(
    'INSERT INTO call_viewers (user_id, call_id, since, started_at) VALUES (?, ?, 0, ?)',
  );
  for (let n = from; n < to; n += 1) {
    const roll = dice(n + 1);
    const startAt = Math.floor(now - roll() * SPAN_MS);
    const callId = `c_${startAt.toString(36)}${n.toString(36)}`;
    const userId = users[Math.floor(roll() * users.length)];
    const source = roll() < 0.7 ? 'pbx' : 'slot';
    const slotId = source === 'slot' ? 1 + Math.floor(roll() * 40) : null;
    const direction = roll() < 0.5 ? 'in' : 'out';
    const outcome = pick(OUTCOMES, roll());
    const number = numberOf(Math.floor(roll() * 1e9));
    const talkSec = outcome === 'answered' ? Math.floor(roll() * 300) : 0;
    const endAt = startAt + 20_000 + talkSec * 1_000;
    const answerAt = outcome === 'answered' ? startAt + 20_000 : null;
    const by = source === 'pbx' ? 'pbx' : 'slot';
    const record = {
      callId,
      source,
      direction,
      number,
      startAt,
      userId,
      extension: source === 'pbx' ? '101' : null,
      deviceId: null,
      trunk: '0002001',
      slotId,
      bridgeId: null,
      pbx: null,
      linkedid: null,
      contactId: null,
      companyId: null,
      noteCount: 0,
      recordingCount: 0,
      audience: [userId],
      marks: { ringing: { at: startAt, by } },
      ending: { evidence: 'reported', order: 1, id: callId, endAt, by, outcome, answerAt, talkSec },
    };
    call.run(callId, startAt, userId, JSON.stringify(record), source, direction, outcome, number, slotId);
    viewer.run(userId, callId, startAt);
  }
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}
