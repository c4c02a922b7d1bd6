/**
 * A campaign outside of the runtime, for property tests: the real stores and decisions over a SQLite of Node, with other
 * objects played by a world that can be cut off at any step. What was stored and what the others did outlives a cut.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { CallWatchEvent } from '../call-hub/contract';
import type { AdmitResult } from '../dial-guard/contract';
import type { TenantView } from '../session-gate/contract';
import type { CampaignConfig } from '../../worker/db/schema';
import type { Attempt } from './attempt';
import { Book } from './book';
import type { StartAnswer } from './drive';
import { Flow } from './flow';
import { takeLeads } from './lead-intake';
import type { SlotsSeen } from './lines';
import { CAMPAIGN_MIGRATIONS } from './migrations';
import { Pump } from './pump';

/** As much of the runtime's SQLite as the stores use. */
function sqlOf(db: DatabaseSync): SqlStorage {
  const exec = (query: string, ...bindings: SQLInputValue[]) => {
    const statement = db.prepare(query);
    const rows = statement.all(...bindings);
    return {
      toArray: () => rows,
      one: () => rows[0],
      [Symbol.iterator]: () => rows[Symbol.iterator](),
    };
  };
  return { exec } as unknown as SqlStorage;
}

export const CONFIG: CampaignConfig = {
  mode: 'progressive',
  via: 'slot',
  agents_required: false,
  agents: null,
  max_concurrent: 3,
  calls_per_minute: 600,
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }],
  time_zone: null,
  retry: { busy: { attempts: 2, delay_minutes: 10 }, no_answer: { attempts: 2, delay_minutes: 20 } },
  max_attempts: 4,
  require_consent: false,
  wrap_up_seconds: 0,
  preview_seconds: 0,
  dispositions: [],
  trunk: null,
  starts_at: null,
  ends_at: null,
};

const TENANT: TenantView = {
  id: '0101',
  name: 'One',
  kind: 'customer',
  timeZone: 'Europe/Minsk',
  country: 'BY',
  phoneShards: 1,
  phoneAccessTtlSec: 1,
  bridges: [{ id: 'b1', number: 1, name: 'Bridge' }],
};

export type CallEnd = NonNullable<CallWatchEvent['outcome']>;
interface Call {
  callId: string;
  number: string;
  slot: number;
  rings: number;
  outcome: CallEnd | null;
  endedAt: number | null;
}

const SLOTS = [1, 2];
const NEVER = new Promise<never>(() => undefined);
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 12; turn += 1) await new Promise(setImmediate);
};

export class World {
  now = Date.parse('2026-11-23T08:00:00Z');
  readonly calls = new Map<string, Call>();
  readonly problems: string[] = [];
  /** Steps until the object dies; and whether what it just asked for still happens. */
  cut: { in: number; after: boolean } | null = null;
  /** The next call on a slot is refused so. */
  refusal: { code: string; rings: boolean } | null = null;
  /** Until when nothing may begin. */
  halted = false;
  pump!: Pump;
  book!: Book;
  readonly #db = new DatabaseSync(':memory:');
  readonly #admitted = new Map<string, string>();
  #life = 0;

  constructor(numbers: readonly string[], config: CampaignConfig = CONFIG) {
    for (const { sql } of CAMPAIGN_MIGRATIONS) this.#db.exec(sql);
    this.boot();
    this.book.configure({ id: 'c', tenantId: TENANT.id, name: 'Test', version: 1, config });
    this.book.stand({ state: 'running', since: this.now, by: 'u', runner: 'u' });
    const about = {
      name: null,
      time_zone: null,
      consent: null,
      contact_id: null,
      company_id: null,
      note: null,
    };
    const leads = numbers.map((number, row) => ({ number, given: number, row, listed: false, ...about }));
    takeLeads(this.book, {
      leads,
      importId: null,
      rowsRead: 0,
      bytesRead: 0,
      timeZone: TENANT.timeZone,
      now: this.now,
    });
  }

  /** A life of the object begins: it knows what is stored, and nothing else. */
  boot(): void {
    this.#life += 1;
    this.cut = null;
    const life = this.#life;
    this.book = new Book(sqlOf(this.#db), 'tenant:c');
    const { book } = this;
    const flow = new Flow(book);
    const step = <T>(effect: () => T): Promise<T> => this.#step(life, effect);
    this.pump = new Pump({
      book,
      flow,
      now: () => this.now,
      commit: (work) => this.#commit(life, work),
      lines: {
        tenant: () => step(() => TENANT),
        slots: () => step(() => this.#slots()),
        admit: (attempt) => step(() => this.#admit(attempt)),
        release: (id) => step(() => void this.#admitted.delete(id)),
        watch: () => step(() => undefined),
        prepare: () => step(() => ({ ok: true as const, target: {} })),
        start: (attempt, _, again) => step(() => this.#start(attempt, again)),
        callOf: (attempt) => step(() => this.eventOf(attempt.callId)),
        withdrawCommand: () => step(() => undefined),
      },
    });
  }

  /** The object dies, in the middle of whatever it does. */
  die(): void {
    this.boot();
  }

  async look(): Promise<void> {
    await Promise.race([this.pump.look(), settle()]);
    await settle();
  }

  end(callId: string, outcome: CallEnd): void {
    const call = this.calls.get(callId);
    if (call?.outcome !== null) return;
    call.outcome = outcome;
    call.endedAt = this.now;
  }

  live(): Call[] {
    return [...this.calls.values()].filter(({ outcome }) => outcome === null);
  }

  eventOf(callId: string): CallWatchEvent | null {
    const call = this.calls.get(callId);
    if (call === undefined) return null;
    return {
      id: `${callId}:${call.outcome ?? 'ringing'}`,
      callId,
      status: call.outcome === null ? 'ringing' : 'ended',
      outcome: call.outcome,
      ringingAt: this.now,
      answeredAt: null,
      endedAt: call.endedAt,
      talkSec: null,
      slotId: call.slot,
      userId: 'u',
    };
  }

  /** CallHub tells of a call; it may do so twice, and late. */
  tell(callId: string): void {
    const attempt = this.book.attempts.byCall(callId);
    const call = this.eventOf(callId);
    if (attempt === null || call === null) return;
    new Flow(this.book).apply(attempt.id, { type: 'told', call }, this.now);
  }

  #commit<T>(life: number, work: () => T): T {
    if (life !== this.#life) throw new Error('this life is over');
    return work();
  }

  async #step<T>(life: number, effect: () => T): Promise<T> {
    if (life !== this.#life) return NEVER;
    await Promise.resolve();
    if (this.cut !== null && (this.cut.in -= 1) <= 0) {
      if (this.cut.after) effect();
      this.die();
      return NEVER;
    }
    const done = effect();
    await Promise.resolve();
    return life === this.#life ? done : NEVER;
  }

  #slots(): SlotsSeen {
    const busy = new Set(this.live().map(({ slot }) => slot));
    const free = SLOTS.filter((slot) => !busy.has(slot));
    const freeSlots = free.map((slot) => ({ bridgeId: 'b1', slot }));
    return { at: this.now, bridges: 1, connected: 1, online: SLOTS.length, free: free.length, freeSlots };
  }

  #admit(attempt: Attempt): AdmitResult {
    this.#admitted.set(attempt.id, attempt.number);
    return { ok: true, dncVersion: 1, callsToday: 1, cap: null };
  }

  /** As a BridgeLink does it: once per call id, and never on a slot in use. */
  #start(attempt: Attempt, again: boolean): StartAnswer {
    const known = this.calls.get(attempt.callId);
    if (known !== undefined)
      return known.outcome === null ? { ok: true } : { ok: false, rang: 'maybe', reason: 'over' };
    if (this.halted) this.problems.push(`${attempt.number} was dialled after the stop`);
    const { refusal } = this;
    this.refusal = null;
    if (refusal !== null && !refusal.rings) return { ok: false, rang: 'no', reason: `${refusal.code}: no` };
    if (this.live().some(({ slot }) => slot === attempt.slot))
      return { ok: false, rang: 'no', reason: 'SLOT_BUSY: in use' };
    if (this.live().some(({ number }) => number === attempt.number))
      this.problems.push(`${attempt.number} rings twice at once`);
    const { callId, number } = attempt;
    this.calls.set(callId, {
      callId,
      number,
      slot: attempt.slot ?? 0,
      rings: 1,
      outcome: null,
      endedAt: null,
    });
    // Its answer is lost on the way: the call rings, and nobody was told.
    if (refusal !== null) return { ok: false, rang: 'maybe', reason: `${refusal.code}: ${String(again)}` };
    return { ok: true };
  }
}
