import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import type {
  DeadLettersPage,
  EnqueueOutboxResult,
  OutboxApi,
  OutboxMessage,
  OutboxStatus,
} from './contract';
import { drain, type StoredMessage } from './drain';
import type { Outcome } from './machine';
import { MIGRATIONS } from './migrations';
import { deliverPush } from './push/deliver';
import { pushDirectory } from './push/directory';
import { GoogleTokens } from './push/google-token';
import type { Fetcher } from './push/http';
import { OutboxStore } from './store';

/** Deliveries at once, and in one alarm: an alarm has 15 minutes, an attempt at most 20 s. */
const LIMITS = { concurrency: 8, most: 200 } as const;
const LONGEST_ID = 128;
const LONGEST_PAYLOAD = 4_096;

/** See `contract.ts`. Named `<tenant>:<destination>`. */
export class Outbox extends DurableObject<Env> implements OutboxApi {
  /** How the destination is reached; tests put their own in its place. */
  protected fetcher: Fetcher = (url, init) => fetch(url, init);
  readonly #store: OutboxStore;
  readonly #tokens = new GoogleTokens(
    () => this.fetcher,
    () => Date.now(),
  );

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new OutboxStore(ctx.storage.sql);
    void ctx.blockConcurrencyWhile(async () => {
      migrateObject(ctx.storage, MIGRATIONS);
      const name = ctx.id.name;
      if (name !== undefined && this.#store.name === null) this.#store.name = name;
      // The runtime repeats an alarm that failed, but not for ever: whoever wakes the object sets it going again.
      if ((await ctx.storage.getAlarm()) === null) await this.#wakeAtNext();
    });
  }

  async enqueue(message: OutboxMessage): Promise<EnqueueOutboxResult> {
    if (!isSound(message)) return { ok: false, code: 'bad_message' };
    const now = Date.now();
    this.#store.prune(now);
    const added = this.#store.add(message, now);
    if (added === 'full') return { ok: false, code: 'full' };
    await this.#wakeAtNext();
    return { ok: true, duplicate: added === 'duplicate' };
  }

  async status(): Promise<OutboxStatus> {
    return this.#store.status();
  }

  async deadLetters(query: { cursor?: string | null; limit: number }): Promise<DeadLettersPage> {
    const before = query.cursor && /^\d{1,15}$/.test(query.cursor) ? Number(query.cursor) : null;
    return this.#store.dead(before, Math.min(Math.max(query.limit, 1), 200));
  }

  async replay(ids?: string[]): Promise<{ replayed: number }> {
    const replayed = this.#store.replay(ids, Date.now());
    await this.#wakeAtNext();
    return { replayed };
  }

  async discard(ids?: string[]): Promise<{ discarded: number }> {
    return { discarded: this.#store.discard(ids, Date.now()) };
  }

  async settingsChanged(): Promise<void> {
    this.#tokens.forget();
    this.#store.closeBreaker();
    this.#store.hurry(Date.now());
    await this.#wakeAtNext();
  }

  override async alarm(): Promise<void> {
    await drain(
      {
        now: () => Date.now(),
        random: () => Math.random(),
        dueHeads: (now, limit) => this.#store.dueHeads(now, limit),
        begin: (id, now) => this.#store.begin(id, now),
        settle: (message, verdict, now) => this.#store.settle(message, verdict, now),
        breaker: () => this.#store.breaker(),
        saveBreaker: (breaker) => this.#store.saveBreaker(breaker),
        deliver: (message) => this.#deliver(message),
      },
      LIMITS,
    );
    await this.#wakeAtNext();
  }

  #deliver(message: StoredMessage): Promise<Outcome> {
    // Only a name made by `getByName` reaches this class, and it starts with the tenant.
    const tenantId = this.#store.name?.split(':', 1)[0] ?? '';
    return deliverPush(
      {
        fetcher: () => this.fetcher,
        tokens: this.#tokens,
        now: () => Date.now(),
        directory: pushDirectory(this.env, tenantId),
      },
      message,
    );
  }

  async #wakeAtNext(): Promise<void> {
    const { storage } = this.ctx;
    const at = this.#store.nextWake();
    const planned = await storage.getAlarm();
    if (planned === at) return;
    if (at === null) await storage.deleteAlarm();
    else await storage.setAlarm(at);
  }
}

function isSound(message: OutboxMessage): boolean {
  const { id, key, kind, payload } = message;
  if (id === '' || key === '' || id.length > LONGEST_ID || key.length > LONGEST_ID) return false;
  return kind === 'push' && JSON.stringify(payload).length <= LONGEST_PAYLOAD;
}
