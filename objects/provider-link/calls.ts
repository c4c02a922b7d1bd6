import type { State } from '../lib/state';
import {
  DELIVERY_KINDS,
  type DeliveryKind,
  type LinkConfig,
  type PassedOver,
  type SyncProgress,
  type Tie,
} from './contract';
import type { ConfigCopy } from './copy';
import { consequences, FAREWELLS, TASK_KINDS, type Outcome, type TaskKind, type Verdict } from './machine';
import type { LinkStore, StoredDelivery } from './store';
import { channelsOf, externalIdOf, historyOf, smallerPage, type HistoryRequest } from './wire';

/** Key of what is about the account and no chat. */
export const ACCOUNT = '@account';
const HOOK = '@webhook';
/** So often an optional word is said before the good-bye, which says it all, is not held up any longer. */
const MOST_WORDS = 3;

const NO_SYNC: SyncProgress = {
  passedOver: null,
  state: 'none',
  pages: 0,
  messages: 0,
  startedAt: null,
  finishedAt: null,
  error: null,
};
const STOPPED = 'The integration was deactivated.';

const isOfPeople = (kind: string): kind is DeliveryKind => DELIVERY_KINDS.some((known) => known === kind);

export interface CallParts {
  state: State;
  store: LinkStore;
  copy: ConfigCopy;
  /** Ids of what is being delivered. */
  underWay(): ReadonlySet<string>;
}

/** What a change of the configuration asks for, and what follows from the answers. */
export class Calls {
  constructor(private readonly parts: CallParts) {}

  get sync(): SyncProgress {
    return { ...NO_SYNC, ...this.parts.state.read<SyncProgress>('sync') };
  }

  get isActive(): boolean {
    const config = this.parts.copy.kept;
    return config !== null && config.tie !== null && config.tokens.length > 0;
  }

  /** What may go out: after the integration ended, its good-bye alone. */
  gate(): 'open' | 'farewells' | 'closed' {
    if (this.isActive) return 'open';
    return this.tie === null ? 'closed' : 'farewells';
  }

  /** What follows from a new copy; inside the transaction that keeps it. */
  apply(before: LinkConfig | null, after: LinkConfig, now: number): { uninstalled: boolean } {
    const { state, store } = this.parts;
    const { stop, tasks, uninstalled } = consequences(before, after);
    if (before !== null && before.tie !== null && after.tie === null) state.write('departed', before.tie);
    if (stop) this.stop(now);
    // A good-bye that was not said yet is none when the integration goes on.
    else if (tasks.length > 0) store.drop(FAREWELLS, this.parts.underWay());
    for (const task of tasks) this.ask(task, uninstalled ? 'uninstalled' : 'deactivated', now);
    this.tellIntegration(after, now);
    if (uninstalled) store.addNews({ id: crypto.randomUUID(), at: now, kind: 'uninstalled' });
    return { uninstalled };
  }

  /** Tells what people can do now, where it is something else than what was told last. */
  private tellIntegration({ tie, tokens }: LinkConfig, now: number): void {
    const { state, store } = this.parts;
    const integration = {
      active: tie !== null && tokens.length > 0,
      capabilities: tie?.content.capabilities ?? {},
    };
    const text = JSON.stringify(integration);
    const told = state.read<string>('integration');
    if (text === told) return;
    state.write('integration', text);
    // Of what never was there is nothing to be told.
    if (told !== undefined || tie !== null)
      store.addNews({ id: newsId(), at: now, kind: 'integration', ...integration });
  }

  /** Starts the first synchronisation from its beginning. */
  synchronise(now: number): boolean {
    const { copy, store } = this.parts;
    if (!this.isActive || copy.kept?.tie?.content.endpoints.getMessageHistory === undefined) return false;
    store.drop(['history'], new Set());
    this.ask('history', '', now);
    return true;
  }

  /** Stores what became of a delivery; inside the transaction of the verdict. */
  settle(delivery: StoredDelivery, outcome: Outcome, verdict: Verdict, now: number): void {
    const { store } = this.parts;
    const { id, kind } = delivery;
    switch (verdict.kind) {
      case 'delivered': {
        const waited = store.done(id, now);
        const body = outcome.kind === 'delivered' ? outcome.body : '';
        if (isOfPeople(kind)) {
          const externalId = kind === 'send_message' ? externalIdOf(body) : null;
          store.addNews({
            id: newsId(),
            at: now,
            kind: 'delivered',
            deliveryId: id,
            delivery: kind,
            externalId,
          });
        } else if (waited) this.learn(delivery, body, now);
        break;
      }
      case 'retry':
        if (kind === 'history' && outcome.kind === 'again') {
          store.done(id, now);
          this.askForLess(delivery, now);
          break;
        }
        if (kind === 'delete_webhook' && delivery.attempts >= MOST_WORDS) store.die(id, verdict.error, now);
        else store.retry(id, verdict.at, verdict.error);
        if (kind === 'history') this.progress({ error: verdict.error });
        break;
      case 'dead':
        if (!store.die(id, verdict.error, now)) break;
        if (isOfPeople(kind)) this.tellFailed(id, kind, verdict.error, now);
        if (kind === 'history') this.progress({ state: 'failed', finishedAt: now, error: verdict.error });
        break;
    }
  }

  /** Which dead letters may be tried again now; null: all. */
  replayable(): readonly string[] | null {
    return this.isActive ? null : FAREWELLS;
  }

  /** Dead letters wait again. */
  replayed(ids: readonly string[]): void {
    const { store } = this.parts;
    if (store.waitingOf(['history']).some(({ id }) => ids.includes(id)))
      this.progress({ state: 'running', finishedAt: null, error: null });
  }

  /** What the provider is asked by: after an uninstall the last one there was, for its good-bye. */
  get tie(): Tie | null {
    const { copy, state } = this.parts;
    return copy.kept?.tie ?? state.read<Tie | null>('departed') ?? null;
  }

  /** The page was too long to be read: it is asked for in parts. */
  private askForLess({ payload }: StoredDelivery, now: number): void {
    const smaller = smallerPage(payload as HistoryRequest);
    if (smaller !== null) this.add('history', { ...smaller }, now);
  }

  private learn({ kind, payload }: StoredDelivery, body: string, now: number): void {
    const { store } = this.parts;
    if (kind === 'get_channels') {
      const read = channelsOf(body);
      if ('channels' in read) store.addNews({ id: newsId(), at: now, kind: 'channels', ...read });
      return;
    }
    if (kind !== 'history') return;
    const read = historyOf(body);
    if ('error' in read) return;
    const { messages, next } = read;
    if (messages.length > 0) store.addNews({ id: newsId(), at: now, kind: 'history', messages });
    const { sync } = this;
    this.progress({
      pages: sync.pages + 1,
      messages: sync.messages + messages.length,
      error: null,
      ...(next === null && { state: 'done', finishedAt: now }),
    });
    if (next !== null) this.add('history', { ...(payload as HistoryRequest), cursor: next }, now);
  }

  private stop(now: number): void {
    const { store } = this.parts;
    for (const { id, kind } of store.waitingOf(DELIVERY_KINDS)) {
      store.die(id, STOPPED, now);
      if (isOfPeople(kind)) this.tellFailed(id, kind, STOPPED, now);
    }
    store.drop(
      TASK_KINDS.filter((kind) => !FAREWELLS.includes(kind)),
      new Set(),
    );
    store.dropLane('webhook');
    if (this.sync.state === 'running') this.progress({ state: 'failed', finishedAt: now, error: STOPPED });
  }

  private ask(task: TaskKind, reason: string, now: number): void {
    const origin = this.parts.state.read<string>('origin');
    const url = origin === undefined ? undefined : `${origin}/communications/v1`;
    switch (task) {
      case 'set_webhook':
      case 'delete_webhook':
        this.add(task, { url }, now);
        break;
      case 'disconnect':
        this.add(task, { reason }, now);
        break;
      case 'history':
        this.parts.state.write('sync', {
          ...NO_SYNC,
          state: 'running',
          startedAt: now,
        } satisfies SyncProgress);
        this.add(task, { cursor: null }, now);
        break;
      case 'get_channels':
        this.add(task, {}, now);
        break;
    }
  }

  private add(kind: TaskKind, payload: Record<string, unknown>, now: number): void {
    // An optional endpoint that fails must not keep the channels from being asked for.
    const key = kind === 'set_webhook' ? HOOK : ACCOUNT;
    this.parts.store.add({ id: crypto.randomUUID(), lane: 'calls', kind, key, payload }, now);
  }

  private tellFailed(deliveryId: string, delivery: DeliveryKind, error: string, now: number): void {
    this.parts.store.addNews({ id: newsId(), at: now, kind: 'failed', deliveryId, delivery, error });
  }

  /** Messages of the history that the Inbox could not store. */
  passedOver({ count, why }: PassedOver): void {
    const before = this.sync.passedOver;
    this.progress({ passedOver: { count: count + (before?.count ?? 0), why: before?.why ?? why } });
  }

  private progress(change: Partial<SyncProgress>): void {
    this.parts.state.write('sync', { ...this.sync, ...change });
  }
}

const newsId = (): string => crypto.randomUUID();
