import type { Env } from '../../worker/env';
import { CLOSED, type Breaker } from '../lib/breaker';
import type { Fetcher } from '../lib/outgoing-fetch';
import { ask } from './asking';
import type { Bucket } from './bucket';
import type { LinkConfig } from './config';
import type { LinkHold, LinkStatus } from './contract';
import type { LinkCopy } from './link-copy';
import type { LogStore } from './log-store';
import { POLICY, type Outcome } from './machine';
import { Pump, type Attempted, type Settlement, type Waiting } from './pump';
import type { State } from './state';
import type { DeliveryStore } from './store';

/** An alarm has 15 minutes: at 40 a second and 3 s each, 400 take some minutes at worst. The runtime opens 6 connections at once. */
const LIMITS = { concurrency: 6, most: 400 } as const;
const MOST_UNKNOWN = 50;

export interface LinkParts {
  env: Env;
  storage: DurableObjectStorage;
  state: State;
  copy: LinkCopy;
  store: DeliveryStore;
  log: LogStore;
  reach: Fetcher;
}

interface Last {
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  lastError: string | null;
}

/** What the log shows of an exchange. */
interface Told {
  eventType: string;
  request: unknown;
  response: unknown;
  status: number | null;
}

/** Tells the CRM what waits: the object's state around the pump. */
export class Teller {
  private pump: Pump | null = null;
  private sawUnknown = false;
  private readonly telling = new Set<string>();

  constructor(private readonly parts: LinkParts) {}

  /** Something new waits: a loop that is under way takes it along. */
  kick(): void {
    this.pump?.kick();
  }

  /** Tells what is due. Answers whether the CRM did not know some of our codes. */
  async run(): Promise<boolean> {
    if (this.pump !== null || !this.parts.copy.enabled) return false;
    const { state, store, copy } = this.parts;
    this.sawUnknown = false;
    this.pump = new Pump(
      {
        now: () => Date.now(),
        random: () => Math.random(),
        wait: (ms) => scheduler.wait(ms),
        held: () => this.held() !== null || !copy.enabled,
        dueHeads: (now, limit) => store.dueHeads(now, limit),
        begin: (id, now) => {
          const begun = store.begin(id, now);
          if (begun) this.telling.add(id);
          return begun;
        },
        together: ({ intent }) =>
          copy.family.sharing?.takes(intent) === true ? copy.family.sharing.most : 1,
        settle: (settlements, now) => this.settle(settlements, now),
        breaker: () => this.breaker(),
        saveBreaker: (breaker) => this.saveBreaker(breaker),
        bucket: () => state.read<Bucket>('bucket') ?? null,
        saveBucket: (bucket) => state.write('bucket', bucket),
        deliver: (messages) => this.deliver(messages),
      },
      { ...LIMITS, perSecond: copy.family.perSecond, together: copy.family.sharing?.most ?? 1 },
    );
    try {
      await this.pump.run();
    } finally {
      this.pump = null;
    }
    return this.sawUnknown;
  }

  private async deliver(messages: Waiting[]): Promise<Attempted[]> {
    const { copy, env, reach } = this.parts;
    const link = copy.link();
    const skipped = (reason: string): Attempted[] =>
      messages.map(() => ({ outcome: { kind: 'skipped', reason } }));
    if (link === null) return skipped('the link was deleted');
    const [first, ...others] = messages;
    if (first === undefined) return [];
    const began = Date.now();
    const { sharing } = copy.family;
    if (others.length > 0 && sharing !== undefined) {
      const intents = messages.map(({ intent }) => intent);
      const request = sharing.request(intents, link);
      const reply = await ask(reach, env, request, POLICY.timeoutMs, began);
      const tookMs = Date.now() - began;
      return messages.map((message) => {
        const outcome = copy.family.judge(message.intent, link, reply);
        const shown = sharing.shown(message.intent, link, reply);
        const { eventType } = request;
        return {
          outcome,
          note: () => this.note(message, { eventType, ...shown, status: reply.status }, outcome, tookMs),
        };
      });
    }
    const { intent } = first;
    const life = link.options.popupLifeSec;
    if (intent.kind !== 'record' && life !== undefined && intent.at + life * 1_000 < began)
      return skipped(`older than ${life} s`);
    const request = await copy.family.request(intent, link, began);
    if ('skip' in request) return skipped(request.skip);
    const reply = await ask(reach, env, request, POLICY.timeoutMs, began);
    const outcome = copy.family.judge(intent, link, reply);
    const tookMs = Date.now() - began;
    const { eventType, shown } = request;
    const told = { eventType, request: shown, response: reply.body ?? null, status: reply.status };
    return [{ outcome, note: () => this.note(first, told, outcome, tookMs) }];
  }

  private note({ intent, attempts }: Waiting, told: Told, outcome: Outcome, durationMs: number): void {
    const error = 'error' in outcome ? outcome.error : null;
    this.parts.log.add(
      {
        eventType: told.eventType,
        callId: intent.call.externalId,
        phone: intent.call.phone,
        request: told.request,
        response: told.response,
        status: error === null ? 'success' : 'error',
        error,
        httpStatus: told.status,
        attempt: attempts,
        durationMs,
      },
      Date.now(),
    );
  }

  private settle(settlements: Settlement[], now: number): void {
    for (const { message } of settlements) this.telling.delete(message.id);
    this.parts.storage.transactionSync(() => {
      for (const settlement of settlements) this.settleOne(settlement, now);
    });
  }

  private settleOne({ message, verdict, outcome, note }: Settlement, now: number): void {
    const { store, copy } = this.parts;
    note?.();
    switch (verdict.kind) {
      case 'delivered':
        store.done(message, now);
        copy.count({ delivered: 1, ...(verdict.duplicate && { duplicates: 1 }) });
        this.saveLast({ lastSuccessAt: now });
        break;
      case 'skipped':
        store.done(message, now);
        copy.count({ skipped: 1 });
        break;
      case 'retry':
        store.retry(message.id, verdict);
        copy.count({ failed: 1 });
        this.saveLast({ lastFailureAt: now, lastError: verdict.error });
        break;
      case 'held':
        store.putBack(message.id, verdict.error, now);
        copy.count({ failed: 1 });
        this.saveLast({ lastFailureAt: now, lastError: verdict.error });
        if (this.held() === null)
          this.parts.state.write('held', {
            since: now,
            httpStatus: verdict.httpStatus,
            reason: verdict.error,
          } satisfies LinkHold);
        break;
      case 'dead':
        store.die(message, verdict.error, now);
        copy.count({ failed: 1, dead: 1 });
        this.saveLast({ lastFailureAt: now, lastError: verdict.error });
        break;
    }
    if (outcome.kind === 'delivered' && outcome.unknownCodes !== undefined)
      this.unknown(outcome.unknownCodes);
  }

  /** The CRM's copy of our extensions is not what we have. */
  private unknown(codes: string[]): void {
    this.sawUnknown = true;
    const { state } = this.parts;
    const known = new Set([...(state.read<string[]>('unknown') ?? []), ...codes]);
    state.write('unknown', [...known].slice(-MOST_UNKNOWN));
  }

  held(): LinkHold | null {
    return this.parts.state.read<LinkHold | null>('held') ?? null;
  }

  /** Trust the CRM again and try what waits. */
  resume(now: number): void {
    const { state, store } = this.parts;
    if (this.held() !== null) state.write('held', null);
    this.saveBreaker(CLOSED);
    store.hurry(now, this.telling);
    this.kick();
  }

  /** When there is something to tell; null when nothing waits or nobody may be told. */
  nextWake(): number | null {
    if (this.held() !== null || !this.parts.copy.enabled) return null;
    const at = this.parts.store.nextDue();
    return at === null ? null : Math.max(at, this.breaker().until ?? 0);
  }

  status(config: LinkConfig | null): Omit<LinkStatus, 'sync' | 'unknownCodes'> {
    const breaker = this.breaker();
    const last = this.parts.state.read<Last>('last');
    return {
      enabled: config?.enabled === true,
      configured: config !== null,
      breaker: breaker.state,
      breakerUntil: breaker.until,
      held: this.held(),
      ...this.parts.store.counts(),
      nextTryAt: this.nextWake(),
      counters: this.parts.copy.counters(),
      lastSuccessAt: last?.lastSuccessAt ?? null,
      lastFailureAt: last?.lastFailureAt ?? null,
      lastError: last?.lastError ?? null,
      configReadAt: this.parts.copy.readAt,
    };
  }

  private breaker(): Breaker {
    return this.parts.state.read<Breaker>('breaker') ?? CLOSED;
  }

  private saveBreaker(breaker: Breaker): void {
    const { state, log } = this.parts;
    const before = this.breaker();
    if (breaker === before) return;
    state.write('breaker', breaker);
    if (before.state !== 'open' && breaker.state === 'open')
      log.add(
        { eventType: 'breaker_open', status: 'error', error: `${breaker.failures} failures in a row` },
        Date.now(),
      );
    if (before.state !== 'closed' && breaker.state === 'closed')
      log.add({ eventType: 'breaker_close', status: 'success' }, Date.now());
  }

  private saveLast(change: Partial<Last>): void {
    const { state } = this.parts;
    const none: Last = { lastSuccessAt: null, lastFailureAt: null, lastError: null };
    state.write('last', { ...none, ...state.read<Last>('last'), ...change });
  }
}
