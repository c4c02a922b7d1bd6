import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { openTelephony } from '../lib/telephony/open';
import { Timers } from '../lib/timers';
import type * as c from './contract';
import { Directory } from './directory';
import { afterTurn, begun, settle, stopped, type Outcome } from './machine';
import { MIGRATIONS } from './migrations';
import { EnrolmentStore, type KnownItem, type KnownRun } from './store';
import { enrolOne, outcomeOf, takeTurn } from './turn';

/** Operators of one turn of the alarm. */
const A_TURN = 40;
const WORK = 'work';

/** One per tenant: puts its operators into telephony. See contract.ts. */
export class OperatorEnrolment extends DurableObject<Env> implements c.OperatorEnrolmentApi {
  readonly #store: EnrolmentStore;
  readonly #timers: Timers;
  readonly #directory: Directory;
  readonly #tenantId: string;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, MIGRATIONS);
    this.#store = new EnrolmentStore(ctx.storage.sql);
    this.#timers = new Timers(ctx.storage);
    this.#tenantId = this.#store.tenant(ctx.id.name);
    this.#directory = new Directory(env.DB, this.#tenantId);
    // A life that ended in the middle of a turn had taken its timer already.
    const run = this.#store.running();
    if (run !== null) this.#timers.setBy(WORK, run.wakeAt);
    this.#timers.resume();
  }

  async start({
    include,
    actor,
    now,
  }: Parameters<c.OperatorEnrolmentApi['start']>[0]): Promise<c.StartResult> {
    const candidates = this.#store.running() === null ? await this.#directory.candidates(include) : [];
    return this.ctx.storage.transactionSync(() => {
      // Somebody else may have begun one while the records were read.
      const running = this.#store.running();
      if (running !== null) return { run: this.#store.record(running, now), joined: true };
      const id = crypto.randomUUID();
      this.#store.add(id, { include, actor, now }, begun(now), candidates);
      this.#timers.set(WORK, now);
      return { run: this.#record(id, now), joined: false };
    });
  }

  runs(): Promise<c.RunRecord[]> {
    const now = Date.now();
    return Promise.resolve(this.#store.runs().map((run) => this.#store.record(run, now)));
  }

  run(id: string): Promise<c.RunRecord | null> {
    const run = this.#store.run(id);
    return Promise.resolve(run && this.#store.record(run, Date.now()));
  }

  items({
    id,
    result,
    after,
    limit,
  }: Parameters<c.OperatorEnrolmentApi['items']>[0]): ReturnType<c.OperatorEnrolmentApi['items']> {
    const run = this.#store.run(id);
    if (run === null) return Promise.resolve(null);
    const found = this.#store.items(run.seq, result, after, limit + 1);
    const items = found.slice(0, limit);
    return Promise.resolve({ items, next: found.length > limit ? (items.at(-1)?.n ?? null) : null });
  }

  stop({ id, now }: { id: string; now: number }): Promise<c.ChangeResult> {
    const run = this.#store.run(id);
    if (run === null) return Promise.resolve({ ok: false, code: 'NOT_FOUND' });
    const next = stopped(run, now);
    if (next !== null) this.#store.save(run.seq, next, now);
    return Promise.resolve({ ok: true, run: this.#record(id, now), changed: next !== null });
  }

  resume({ id, actor, now }: { id: string; actor: c.Actor; now: number }): Promise<c.ChangeResult> {
    const run = this.#store.run(id);
    if (run === null) return Promise.resolve({ ok: false, code: 'NOT_FOUND' });
    const running = this.#store.running();
    if (running !== null && running.seq !== run.seq)
      return Promise.resolve({ ok: false, code: 'ANOTHER_RUNS' });
    const waits = run.state === 'running' && run.wakeAt > now;
    const { pending, failed } = this.#store.counts(run.seq);
    if (running === null && pending + failed === 0)
      return Promise.resolve({ ok: false, code: 'NOTHING_LEFT' });
    const changed = running === null || waits;
    if (changed)
      this.ctx.storage.transactionSync(() => {
        if (running === null) {
          this.#store.retryFailed(run.seq);
          this.#store.takenOver(run.seq, actor);
        }
        // One that waits for telephony is told to try now.
        this.#store.save(run.seq, begun(now), null);
        this.#timers.set(WORK, now);
      });
    return Promise.resolve({ ok: true, run: this.#record(id, now), changed });
  }

  /** Idempotent: whoever has no result is asked for, however often a turn was broken off. */
  override async alarm(): Promise<void> {
    if (!this.#timers.due(Date.now()).includes(WORK)) return;
    const run = this.#store.running();
    if (run === null) return;
    const items = this.#store.pending(run.seq, A_TURN);
    const outcomes = await this.#turn(run, items).catch((error: unknown) => [outcomeOf(error)]);
    // A person may have stopped or hurried it meanwhile.
    const known = this.#store.run(run.id);
    if (known?.state !== 'running') return;
    const now = Date.now();
    const left = this.#store.counts(run.seq).pending;
    const next = afterTurn(known, { outcomes, left }, now);
    this.ctx.storage.transactionSync(() => {
      this.#store.save(run.seq, next, next.state === 'running' ? null : now);
      if (next.state === 'running') this.#timers.set(WORK, next.wakeAt);
    });
  }

  async #turn(run: KnownRun, items: readonly KnownItem[]): Promise<Outcome[]> {
    if (items.length === 0) return [];
    const telephonyOf = await this.#directory.telephony();
    if (telephonyOf === null) return [DISABLED];
    const { settings, bridges } = telephonyOf;
    const tenant = { id: this.#tenantId, bridges };
    const telephony = openTelephony(this.env, tenant, settings, `enrolment:${run.id}`);
    const records = await this.#directory.records(items.map(({ uuid }) => uuid));
    const { include, actor } = run;
    const parts = { db: this.#directory.db, telephony, include, actor, now: Date.now };
    return takeTurn({
      items,
      careful: run.streak > 0,
      ask: ({ uuid }) => enrolOne(parts, records.get(uuid)),
      settled: (item, outcome) => this.#store.settle(run.seq, item.n, settle(item, outcome), Date.now()),
      goesOn: () => this.#store.run(run.id)?.state === 'running',
    });
  }

  #record(id: string, now: number): c.RunRecord {
    const run = this.#store.run(id);
    if (run === null) throw new Error('a run is gone that was just written');
    return this.#store.record(run, now);
  }
}

const DISABLED: Outcome = {
  kind: 'unsupported',
  problem: { code: 'TENANT_DISABLED', message: 'The tenant is disabled.' },
};
