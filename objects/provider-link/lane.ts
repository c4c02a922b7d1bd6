import { admit, CLOSED, type Breaker } from '../lib/breaker';
import { Pool } from '../lib/pool';
import type { State } from '../lib/state';
import { batchesOf, type BulkOutcome } from './bulk';
import { breakerAfter, judge, type LaneName, type Outcome, type Verdict } from './machine';
import type { LinkStore, StoredDelivery } from './store';

/** An alarm has 15 minutes and an attempt takes 5 s at most. The runtime opens 6 connections at once. */
const LIMITS = { concurrency: 6, most: 600 } as const;

export interface LaneParts {
  storage: DurableObjectStorage;
  state: State;
  store: LinkStore;
  /** `farewells`: the provider hears nothing but its good-bye; `closed`: nothing at all. */
  gate(): 'open' | 'farewells' | 'closed';
  deliver(delivery: StoredDelivery): Promise<Outcome>;
  /** Absent: one delivery a request. */
  bulk?: Bulk;
  /** Stores what became of it, in the transaction of the verdict. */
  settle(delivery: StoredDelivery, outcome: Outcome, verdict: Verdict, now: number): void;
}

export interface Bulk {
  /** How many new messages may go in one request now. */
  together(now: number): number;
  deliverTogether(batch: readonly StoredDelivery[]): Promise<BulkOutcome>;
  /** Stores that messages go by themselves for a while. */
  apart(now: number): void;
}

interface Last {
  delivered: number;
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  lastError: string | null;
}

const NOTHING: Last = { delivered: 0, lastSuccessAt: null, lastFailureAt: null, lastError: null };

/** Deliveries to one destination: keys side by side, each in its order, nothing while the breaker rests. */
export class Lane {
  private readonly pool: Pool<StoredDelivery[]>;
  /** Ids of what is being delivered. */
  readonly underWay = new Set<string>();

  constructor(
    private readonly name: LaneName,
    private readonly parts: LaneParts,
  ) {
    this.pool = new Pool(
      { start: (free, underWay) => this.start(free, underWay), work: (batch) => this.attempt(batch) },
      LIMITS,
    );
  }

  kick(): void {
    this.pool.kick();
  }

  run(): Promise<void> {
    return this.pool.run();
  }

  get breaker(): Breaker {
    return this.parts.state.read<Breaker>(`breaker:${this.name}`) ?? CLOSED;
  }

  get last(): Last {
    return { ...NOTHING, ...this.parts.state.read<Last>(`last:${this.name}`) };
  }

  /** When there is something to do next; null when nothing waits or nothing may go. */
  nextWake(): number | null {
    const gate = this.parts.gate();
    if (gate === 'closed') return null;
    const at = this.parts.store.nextAt(this.name, gate === 'farewells');
    return at === null ? null : Math.max(at, this.breaker.until ?? 0);
  }

  /** Trusts the destination again and tries what waits now. */
  resume(now: number): void {
    this.save(CLOSED);
    this.parts.store.hurry(this.name, now);
    this.kick();
  }

  private save(breaker: Breaker): void {
    if (breaker !== this.breaker) this.parts.state.write(`breaker:${this.name}`, breaker);
  }

  private start(free: number, underWay: number): StoredDelivery[][] {
    const { store, gate, bulk } = this.parts;
    const now = Date.now();
    const { breaker } = this;
    const open = gate();
    // A probe is one attempt alone.
    if (open === 'closed' || (breaker.state !== 'closed' && underWay > 0)) return [];
    const admitted = admit(breaker, now, free);
    if (admitted.slots === 0) return [];
    const most = breaker.state === 'closed' ? (bulk?.together(now) ?? 1) : 1;
    const heads = store.dueHeads(this.name, now, admitted.slots * most, open === 'farewells');
    const begun = batchesOf(heads, admitted.slots, most)
      .map((batch) => batch.map(({ id }) => store.begin(id, now)).filter((delivery) => delivery !== null))
      .filter(({ length }) => length > 0);
    if (begun.length > 0) this.save(admitted.breaker);
    for (const { id } of begun.flat()) this.underWay.add(id);
    return begun;
  }

  private async attempt(batch: StoredDelivery[]): Promise<void> {
    const { whole, each, apart } = await this.asked(batch);
    const now = Date.now();
    const random = (): number => Math.random();
    const verdicts = batch.map((delivery) => {
      const outcome = each.get(delivery.id) ?? whole;
      return { delivery, outcome, verdict: judge(this.name, delivery, outcome, now, random) };
    });
    const { state, storage } = this.parts;
    const store = (): void => {
      const errors = verdicts.flatMap(({ verdict }) => (verdict.kind === 'delivered' ? [] : [verdict.error]));
      const { last } = this;
      const delivered = verdicts.length - errors.length;
      state.write(`last:${this.name}`, {
        ...last,
        ...(delivered > 0 && { delivered: last.delivered + delivered, lastSuccessAt: now }),
        ...(errors.length > 0 && { lastFailureAt: now, lastError: errors[0] }),
      });
      this.save(breakerAfter(this.breaker, whole, now, random));
      if (apart) this.parts.bulk?.apart(now);
      for (const { delivery, outcome, verdict } of verdicts)
        this.parts.settle(delivery, outcome, verdict, now);
    };
    try {
      storage.transactionSync(store);
    } catch (error) {
      state.forget();
      throw error;
    } finally {
      for (const { id } of batch) this.underWay.delete(id);
    }
  }

  /** Never throws. */
  private async asked(batch: StoredDelivery[]): Promise<BulkOutcome> {
    const { deliver, bulk } = this.parts;
    const [first] = batch;
    try {
      if (bulk !== undefined && batch.length > 1) return await bulk.deliverTogether(batch);
      if (first === undefined) throw new Error('a request carries nothing');
      return { whole: await deliver(first), each: new Map(), apart: false };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { whole: { kind: 'failed', error: message }, each: new Map(), apart: false };
    }
  }
}
