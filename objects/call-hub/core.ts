import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { isTransportError } from '../lib/transport-errors';
import { RELAY_PATH, SUBSCRIBER_HEADER, type LiveSubscriber } from './contract';
import { RELOAD_EVERY_MS } from './directory';
import { feedPosition } from './feed-position';
import { finaliseAt } from './intake';
import { CALL_HUB_MIGRATIONS } from './migrations';
import { hubParts, type HubParts } from './parts';
import { TELL_AGAIN_MS } from './watches';

const TRIM_MS = 6 * 3_600_000;
const NAMES_RETRY_MS = 30_000;

/** What keeps a CallHub going: its transactions, its one alarm, its live sockets, its copy of names. */
export abstract class HubCore extends DurableObject<Env> {
  protected readonly parts: HubParts;
  private alarmAt: number | null = null;
  private trimAt: number | null = null;
  private namesAt: number | null = null;
  private namesLoadedAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, CALL_HUB_MIGRATIONS);
    this.parts = hubParts(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.alarmAt = await ctx.storage.getAlarm();
      if (this.parts.tally.waiting) this.wakeAt(Date.now());
    });
  }

  override fetch(request: Request): Promise<Response> {
    return Promise.resolve(this.live(request));
  }

  override webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): void {
    // The runtime answers pings itself.
    this.parts.sockets.heard(ws, message);
  }

  override webSocketClose(ws: WebSocket): void {
    this.parts.sockets.remove(ws);
  }

  override webSocketError(ws: WebSocket, error: unknown): void {
    this.parts.sockets.remove(ws);
    if (!isTransportError(error)) console.error('live socket', error);
  }

  /** Idempotent: everything it does is decided by what is stored and what time it is. */
  override async alarm(): Promise<void> {
    this.alarmAt = null;
    const { intake, teller, feed, store, tally, names, watches, crmOutbound, crmRecords } = this.parts;
    const now = Date.now();
    if (this.lacksZone(now)) this.namesAt = now;
    if (this.namesAt !== null && this.namesAt <= now) await this.reloadNames();
    this.commit(() => {
      intake.finalise(now);
      tally.followZone();
      tally.countWaiting();
    });
    if (crmOutbound.dueAt !== null && crmOutbound.dueAt <= now) await crmOutbound.drain();
    const watchAt = (await watches.drain()) ? null : Date.now() + TELL_AGAIN_MS;
    const headAt = await teller.heads(now);
    let left = true;
    if (this.trimAt === null || this.trimAt <= now) {
      feed.trim(now);
      watches.trim(now);
      crmRecords.trim(now);
      left = store.trim(now) || feed.trimAt() !== null || !watches.isEmpty;
      this.trimAt = now + TRIM_MS;
    }
    const countAt = names.knownZone() !== null && tally.waiting ? now : null;
    const times = [
      finaliseAt(store),
      headAt,
      watchAt,
      crmOutbound.dueAt,
      this.namesAt,
      countAt,
      left ? this.trimAt : null,
    ];
    const next = times.filter((at) => at !== null);
    if (next.length > 0) this.wakeAt(Math.min(...next));
  }

  /** Runs `work` in one transaction, then tells what it changed; a failure leaves neither storage nor memory changed. */
  protected commit<T>(work: () => T): T {
    const { teller, store, groups, feed } = this.parts;
    const mark = teller.mark;
    let result: T;
    try {
      result = this.ctx.storage.transactionSync(work);
    } catch (error) {
      teller.rollback(mark);
      store.forget();
      groups.forget();
      feed.reread();
      this.parts.watches.reread();
      this.parts.crm.forget();
      throw error;
    }
    const now = Date.now();
    const headAt = teller.tell(now);
    if (headAt !== null) this.wakeAt(headAt);
    if (this.alarmAt === null) this.wakeAt(now + TRIM_MS);
    this.tellWatchers(now);
    this.tellCrms(now);
    // Calls wait to be counted: which day they are of is learnt right after.
    if (this.lacksZone(now)) this.wantNames(now);
    return result;
  }

  protected wakeAt(at: number): void {
    if (this.alarmAt !== null && this.alarmAt <= at) return;
    this.alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }

  /** Right after the change; the alarm goes on where this life ends or a campaign is away. */
  private tellWatchers(now: number): void {
    const { watches } = this.parts;
    if (!watches.waiting) return;
    this.wakeAt(now + TELL_AGAIN_MS);
    this.ctx.waitUntil(watches.drain());
  }

  /** Never before whoever reported has his answer: that takes the one write of what is to be told, and nothing else. */
  private tellCrms(now: number): void {
    const { crmOutbound } = this.parts;
    const { dueAt } = crmOutbound;
    if (dueAt === null) return;
    this.wakeAt(Math.max(dueAt, now + TELL_AGAIN_MS));
    if (dueAt <= now) this.ctx.waitUntil(crmOutbound.drain());
  }

  protected trimSoon(now: number): void {
    this.wakeAt(now + TRIM_MS);
  }

  /** Whose an extension or what a user's name is is looked up right after, never before a report has its answer. */
  protected wantUnknown(wanted: { exts?: readonly string[]; userId?: string }): void {
    const { names } = this.parts;
    const now = Date.now();
    if (now - this.namesLoadedAt <= RELOAD_EVERY_MS) return;
    const unknown = wanted.exts?.some((ext) => !names.knowsExtension(ext)) ?? false;
    if (unknown || (wanted.userId !== undefined && !names.knowsUser(wanted.userId))) this.wantNames(now);
  }

  /** Names that could not be read now: nothing waits for them. */
  protected namesFailed(error: unknown): void {
    console.error('names of the call hub', error);
    this.wantNames(Date.now() + NAMES_RETRY_MS);
  }

  /** Reads extensions and their owners anew, unless that was done a moment ago. */
  protected async freshExtensions(): Promise<void> {
    if (Date.now() - this.namesLoadedAt <= RELOAD_EVERY_MS) return;
    const moved = await this.parts.names.loadTenant();
    this.namesLoadedAt = Date.now();
    if (moved) this.refresh();
  }

  protected refresh(): void {
    this.commit(() => {
      this.parts.intake.refresh();
      this.parts.tally.followZone();
    });
  }

  private live(request: Request): Response {
    const { sockets } = this.parts;
    const url = new URL(request.url);
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
      return new Response(null, { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    const given = request.headers.get(SUBSCRIBER_HEADER);
    if (url.pathname === RELAY_PATH) sockets.acceptRelay(server);
    else if (given === null) return new Response(null, { status: 401 });
    else if (sockets.full) return new Response(null, { status: 429 });
    else sockets.accept(server, JSON.parse(given) as LiveSubscriber, feedPosition(url.searchParams));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Nothing can be counted without the tenant's zone; nobody has asked for it lately. */
  private lacksZone(now: number): boolean {
    if (this.namesAt !== null || now - this.namesLoadedAt <= RELOAD_EVERY_MS) return false;
    return this.parts.names.knownZone() === null;
  }

  private wantNames(at: number): void {
    this.namesAt = this.namesAt === null ? at : Math.min(this.namesAt, at);
    this.wakeAt(this.namesAt);
  }

  private async reloadNames(): Promise<void> {
    const { names, store } = this.parts;
    try {
      const moved = await names.loadTenant();
      const live = store.liveCalls();
      const named = await names.learn({
        users: live.flatMap((call) => call.userId ?? []),
        devices: live.flatMap((call) => call.deviceId ?? []),
      });
      this.namesAt = null;
      this.namesLoadedAt = Date.now();
      if (moved || named) this.refresh();
    } catch (error) {
      this.namesFailed(error);
    }
  }
}
