import { admit, CLOSED, type Breaker } from '../lib/breaker';
import { Pool } from '../lib/pool';
import type { State } from '../lib/state';
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
  /** Stores what became of it, in the transaction of the verdict. */
  settle(delivery: StoredDelivery, outcome: Outcome, verdict: Verdict, now: number): void;
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
  private readonly pool: Pool<StoredDelivery>;
  /** Ids of what is being delivered. */
  readonly underWay = new Set<string>();

  constructor(
    private readonly name: LaneName,
    private readonly parts: LaneParts,
  ) {
    this.pool = new Pool(
      { start: (free, underWay) => this.start(free, underWay), work: (delivery) => this.attempt(delivery) },
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

  private start(free: number, underWay: number): StoredDelivery[] {
    const { store, gate } = this.parts;
    const now = Date.now();
    const { breaker } = this;
    const open = gate();
    // A probe is one attempt alone.
    if (open === 'closed' || (breaker.state !== 'closed' && underWay > 0)) return [];
    const admitted = admit(breaker, now, free);
    if (admitted.slots === 0) return [];
    const begun = store
      .dueHeads(this.name, now, admitted.slots, open === 'farewells')
      .map(({ id }) => store.begin(id, now))
      .filter((delivery) => delivery !== null);
    if (begun.length > 0) this.save(admitted.breaker);
    for (const { id } of begun) this.underWay.add(id);
    return begun;
  }

  private async attempt(delivery: StoredDelivery): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await this.parts.deliver(delivery);
    } catch (error) {
      outcome = { kind: 'failed', error: error instanceof Error ? error.message : String(error) };
    }
    const now = Date.now();
    const verdict = judge(this.name, delivery, outcome, now, () => Math.random());
    const { state, storage } = this.parts;
    const store = (): void => {
      const { last } = this;
      state.write(
        `last:${this.name}`,
        verdict.kind === 'delivered'
          ? { ...last, delivered: last.delivered + 1, lastSuccessAt: now }
          : { ...last, lastFailureAt: now, lastError: verdict.error },
      );
      this.save(breakerAfter(this.breaker, outcome, now, () => Math.random()));
      this.parts.settle(delivery, outcome, verdict, now);
    };
    try {
      storage.transactionSync(store);
    } catch (error) {
      state.forget();
      throw error;
    } finally {
      this.underWay.delete(delivery.id);
    }
  }
}
