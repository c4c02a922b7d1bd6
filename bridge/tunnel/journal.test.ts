import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BridgeEvent } from '../protocol/events.ts';
import { Commands } from './commands.ts';
import { Journal, JournalError } from './journal.ts';
import { EventOutbox } from './outbox.ts';

let directory: string;
let journal: Journal;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trunkline-journal-'));
  journal = new Journal(directory);
});

afterEach(() => {
  journal.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Closes and opens again, as after a restart of the bridge. */
function reopen(): Journal {
  journal.close();
  journal = new Journal(directory);
  return journal;
}

const logLine = (text: string): BridgeEvent => ({
  kind: 'bridge.log',
  data: { level: 'info', part: 'host', text },
});
const hungUp = (n: number): BridgeEvent => ({
  kind: 'pbx.channel',
  data: {
    what: 'gone',
    pbx: 'main',
    uniqueid: `1763731234.${n}`,
    linkedid: '1763731234.1',
    channel: `PJSIP/150-${n}`,
    kind: 'extension',
    endpoint: '150',
    cause: 16,
    cause_text: 'Normal Clearing',
    last: false,
  },
});

describe('the journal', () => {
  it('keeps its id, belongs to its owner alone, and to one process', () => {
    const { id } = journal;
    expect(statSync(join(directory, 'journal.db')).mode & 0o077).toBe(0);
    expect(() => new Journal(directory)).toThrow(JournalError);
    expect(() => new Journal(directory)).toThrow(/in use/);
    expect(reopen().id).toBe(id);
  });

  it('is refused when a newer bridge wrote it', () => {
    journal.db.exec('PRAGMA user_version = 99');
    expect(() => reopen()).toThrow(/newer version/);
  });
});

describe('the events', () => {
  it('are read in order from where the edge is, and gone once it has them', () => {
    const outbox = new EventOutbox(journal, 1e9);
    for (let n = 1; n <= 10; n += 1) outbox.append(n, n % 2 ? hungUp(n) : logLine(`${n}`));
    expect(outbox.read(0, 4).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(JSON.parse(outbox.read(2, 1)[0]?.body ?? '')).toEqual(hungUp(3));
    outbox.acknowledge(7);
    expect(outbox.read(0, 99).map(({ seq }) => seq)).toEqual([8, 9, 10]);
  });

  it('never use a number twice, though all are acknowledged and the bridge restarted', () => {
    const outbox = new EventOutbox(journal, 1e9);
    for (let n = 1; n <= 5; n += 1) outbox.append(n, logLine('x'));
    outbox.acknowledge(5);
    const later = new EventOutbox(reopen(), 1e9);
    expect(later.head).toBe(5);
    later.append(1, logLine('y'));
    expect(later.read(5, 10).map(({ seq }) => seq)).toEqual([6]);
  });

  it('are not set back by an old acknowledgement', () => {
    const outbox = new EventOutbox(journal, 1e9);
    for (let n = 1; n <= 5; n += 1) outbox.append(n, logLine('x'));
    outbox.acknowledge(4);
    outbox.acknowledge(2);
    expect(outbox.acked).toBe(4);
  });

  it('keep to their size: lines of the log go first, calls last, and the numbers go on', () => {
    const empty = journal.usedBytes();
    const outbox = new EventOutbox(journal, empty + 900_000);
    let dropped = 0;
    for (let n = 1; n <= 2_000; n += 1) {
      dropped += outbox.append(n, hungUp(n)).dropped;
      dropped += outbox.append(n, logLine(`line ${n} `.repeat(30))).dropped;
    }
    expect(dropped).toBeGreaterThan(0);
    const kinds = outbox.read(0, 9_999).map(({ body }) => (JSON.parse(body) as BridgeEvent).kind);
    expect(kinds.filter((kind) => kind === 'pbx.channel')).toHaveLength(2_000);
    for (let n = 1; n <= 8_000; n += 1) dropped += outbox.append(n, hungUp(n)).dropped;
    expect(journal.usedBytes()).toBeLessThan(empty + 1_300_000);
    expect(outbox.head).toBe(12_000);
    expect(outbox.read(0, 99_999).at(-1)?.seq).toBe(12_000);
  });

  it('of an hour at 200 calls per second fit into what a bridge may use unless it is set otherwise', () => {
    const before = journal.usedBytes();
    const outbox = new EventOutbox(journal, 1e12);
    for (let n = 0; n < 5_000; n += 1) outbox.append(1_763_731_234_000, hungUp(n));
    const perEvent = (journal.usedBytes() - before) / 5_000;
    // Two legs, each new, dialled, answered, in and out of the bridge, gone, with its CDR row.
    const perCall = 16;
    expect(perEvent * perCall * 200 * 3_600).toBeLessThan(8_192 * 1024 * 1024);
  });
});

describe('the commands', () => {
  const done = { ok: true, result: { channels: 2 } } as const;

  it('are known as begun after the bridge was killed in one, and as ended with their result', () => {
    const commands = new Commands(journal);
    commands.begin('a', 'pbx.hangup', 1);
    commands.begin('b', 'pbx.hangup', 2);
    commands.end('b', done);
    const later = new Commands(reopen());
    expect(later.look('a')).toEqual({ state: 'begun' });
    expect(later.look('b')).toEqual({ state: 'ended', outcome: done });
    expect(later.look('c')).toEqual({ state: 'unknown' });
    expect(later.unsettled(10)).toEqual([{ id: 'b', outcome: done }]);
  });

  it('are forgotten once settled, unless they still run', () => {
    const commands = new Commands(journal);
    commands.begin('a', 'pbx.hangup', 1);
    commands.begin('b', 'pbx.hangup', 2);
    commands.end('b', done);
    commands.settle(['a', 'b', 'never']);
    expect(commands.look('a')).toEqual({ state: 'begun' });
    expect(commands.look('b')).toEqual({ state: 'unknown' });
  });

  it('can not be begun twice', () => {
    const commands = new Commands(journal);
    commands.begin('a', 'pbx.hangup', 1);
    expect(() => commands.begin('a', 'pbx.hangup', 1)).toThrow();
  });

  it('are forgotten a month later even if the edge never asked again', () => {
    const commands = new Commands(journal);
    commands.begin('old', 'pbx.hangup', 0);
    commands.begin('new', 'pbx.hangup', 31 * 24 * 3_600_000);
    commands.forgetOld(31 * 24 * 3_600_000);
    expect(commands.look('old')).toEqual({ state: 'unknown' });
    expect(commands.look('new')).toEqual({ state: 'begun' });
  });
});
