import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { Book } from './book';
import { Desk } from './desk';
import { Flow } from './flow';
import { Lines } from './lines';
import { CAMPAIGN_MIGRATIONS } from './migrations';
import { progressOf } from './progress';
import { Pump } from './pump';
import type { CampaignProgress, CampaignState } from './views';

/** Progress is told at most this often. */
const TELL_MS = 500;
/** The next look, should this life end in the middle of one. */
const TAKE_OVER_MS = 5_000;

/** What keeps a campaign going: its transactions, its one alarm, telling how far it is. */
export abstract class CampaignCore extends DurableObject<Env> {
  protected readonly book: Book;
  protected readonly flow: Flow;
  protected readonly lines: Lines;
  protected readonly pump: Pump;
  protected readonly desk: Desk;
  #looking: Promise<void> | null = null;
  #again = false;
  #alarmAt: number | null = null;
  #telling = false;
  #told = '';

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, CAMPAIGN_MIGRATIONS);
    this.book = new Book(ctx.storage.sql, ctx.id.name);
    this.flow = new Flow(this.book);
    this.lines = new Lines(env, () => this.book.tenantId);
    this.pump = new Pump({
      book: this.book,
      flow: this.flow,
      lines: this.lines,
      now: Date.now,
      commit: (work) => this.commit(work),
    });
    this.desk = new Desk(this.book, this.flow, this.pump);
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = await ctx.storage.getAlarm();
      // A life that was cut off may have left an attempt in mid-air and no alarm.
      const hasWork = this.book.standing.state === 'running' || this.book.attempts.openCount() > 0;
      if (hasWork) this.wakeAt(Date.now() + TAKE_OVER_MS);
    });
  }

  /** Idempotent: what there is to do is decided by what is stored and what time it is. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    await this.look();
  }

  /** Runs changes in one transaction; a failure leaves neither storage nor memory changed. */
  protected commit<T>(work: () => T): T {
    let result: T;
    try {
      result = this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.book.reread();
      throw error;
    }
    this.tellSoon();
    return result;
  }

  /** Looks what there is to do, once more if something happened while it was looking. */
  protected look(): Promise<void> {
    if (this.#looking) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#lookOn().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** Looks soon, without anybody waiting for it. */
  protected lookSoon(): void {
    this.wakeAt(Date.now() + TAKE_OVER_MS);
    this.ctx.waitUntil(this.look());
  }

  protected wakeAt(at: number): void {
    if (this.#alarmAt !== null && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }

  /** Nothing begins from here on. Resolves when nothing is on its way out any more, for which it stops waiting in the end. */
  protected async halt(state: CampaignState, by: string): Promise<void> {
    await this.pump.halt(state, by, scheduler.wait(HALT_MS));
    this.lookSoon();
  }

  protected async progressNow(): Promise<CampaignProgress> {
    await this.pump.refresh();
    return progressOf(this.book, this.pump, Date.now());
  }

  protected tellSoon(): void {
    if (this.#telling || this.book.row === null) return;
    this.#telling = true;
    this.ctx.waitUntil(
      scheduler
        .wait(TELL_MS)
        .then(() => this.#tell())
        .catch((error: unknown) => {
          // Whoever looks next sees it all the same.
          console.warn(`campaign ${this.book.campaignId}: progress not told (${String(error)})`);
        }),
    );
  }

  async #lookOn(): Promise<void> {
    do {
      this.#again = false;
      const next = await this.pump.look();
      if (next !== null) this.#setAlarm(next);
    } while (this.#again);
  }

  /** What was looked at last decides, later or sooner. */
  #setAlarm(at: number): void {
    if (this.#alarmAt === at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }

  async #tell(): Promise<void> {
    this.#telling = false;
    const { book } = this;
    if (book.row === null) return;
    const progress = progressOf(book, this.pump, Date.now());
    const data = JSON.stringify({ campaign_id: book.campaignId, name: book.row.name, ...progress });
    if (data === this.#told) return;
    this.#told = data;
    await this.lines.tellProgress(book.campaignId, data);
  }
}

/** A bridge answers a start within seconds, or never. */
const HALT_MS = 20_000;
