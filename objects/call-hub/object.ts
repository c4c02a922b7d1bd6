import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import type { PhoneEvent } from '../phone-queue/contract';
import {
  RELAY_PATH,
  SUBSCRIBER_HEADER,
  type AddNoteInput,
  type CallDetail,
  type CallHubApi,
  type ChangeNoteInput,
  type DeleteNoteResult,
  type FeedPage,
  type FeedQuery,
  type IngestPbxInput,
  type IngestPbxResult,
  type LiveSubscriber,
  type NoteResult,
  type NoteView,
  type PhoneStats,
  type PhoneStatsQuery,
  type TicketResult,
  type Viewer,
} from './contract';
import { Directory, RELOAD_EVERY_MS } from './directory';
import { Feed } from './feed';
import { feedPage, sees } from './feed-page';
import { finaliseAt, Intake } from './intake';
import type { CallRecord } from './machine';
import { feedPosition } from './feed-position';
import { CALL_HUB_MIGRATIONS } from './migrations';
import { Notes } from './notes';
import { LiveSockets } from './sockets';
import { PhoneCounters } from './stats';
import { CallStore } from './store';
import { Teller } from './teller';
import { Tickets } from './tickets';
import { isTransportError } from './transport-errors';
import { detailOf } from './view';

const TRIM_MS = 6 * 3_600_000;
const NAMES_RETRY_MS = 30_000;

/** One per tenant: the truth of its calls, its live feed, notes and counters. See contract.ts. */
export class CallHub extends DurableObject<Env> implements CallHubApi {
  private readonly store: CallStore;
  private readonly feedLog: Feed;
  private readonly names: Directory;
  private readonly counters: PhoneCounters;
  private readonly noteBook: Notes;
  private readonly tickets: Tickets;
  private readonly sockets: LiveSockets;
  private readonly teller: Teller;
  private readonly intake: Intake;
  private alarmAt: number | null = null;
  private trimAt: number | null = null;
  private namesAt: number | null = null;
  private namesLoadedAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    migrateObject(ctx.storage, CALL_HUB_MIGRATIONS);
    this.store = new CallStore(sql);
    // An alarm's wake need not carry the name.
    if (ctx.id.name !== undefined && this.store.meta('tenant') === null)
      this.store.setMeta('tenant', ctx.id.name);
    const epoch = this.store.meta('epoch') ?? crypto.randomUUID();
    if (this.store.meta('epoch') === null) this.store.setMeta('epoch', epoch);
    this.feedLog = new Feed(sql, epoch);
    this.names = new Directory(sql, env.DB, () => this.store.meta('tenant') ?? '');
    this.counters = new PhoneCounters(sql);
    this.tickets = new Tickets(sql);
    this.sockets = new LiveSockets(ctx, this.feedLog);
    this.teller = new Teller(this.sockets, this.feedLog, () => ctx.storage.sync());
    this.intake = new Intake({
      store: this.store,
      feed: this.feedLog,
      counters: this.counters,
      names: this.names,
      tell: (change) => {
        this.teller.add(change);
      },
      now: Date.now,
    });
    this.noteBook = new Notes({
      sql,
      names: this.names,
      visible: (callId, viewer) => this.visible(callId, viewer),
      save: (call, known) => {
        this.intake.save(call, known);
      },
    });
    void ctx.blockConcurrencyWhile(async () => {
      this.alarmAt = await ctx.storage.getAlarm();
    });
  }

  override fetch(request: Request): Promise<Response> {
    return Promise.resolve(this.live(request));
  }

  async ingestPhone(events: PhoneEvent[]): Promise<void> {
    try {
      await this.names.learn({
        users: events.map((event) => event.userId),
        devices: events.flatMap((event) => event.deviceId ?? []),
      });
    } catch (error) {
      // A call is not held up by a name: it is shown without, and again with it.
      console.error('names of the call hub', error);
      this.wantNames(Date.now() + NAMES_RETRY_MS);
    }
    // Without the tenant's zone a result has no day to be counted on: then it is reported again later.
    const timeZone = events.some((event) => event.result) ? await this.names.zone() : 'UTC';
    this.commit(() => {
      for (const event of events) this.intake.phone(event, timeZone);
    });
  }

  ingestPbx(input: IngestPbxInput): Promise<IngestPbxResult> {
    const { result, exts, due } = this.commit(() => this.intake.pbx(input));
    if (due !== null) this.wakeAt(due);
    const stale = Date.now() - this.namesLoadedAt > RELOAD_EVERY_MS;
    if (stale && exts.some((ext) => !this.names.knowsExtension(ext))) {
      // Whose extension it is is looked up right after, not before the PBX has its answer.
      this.wantNames(Date.now());
    }
    return Promise.resolve(result);
  }

  feed(query: FeedQuery): Promise<FeedPage> {
    return Promise.resolve(feedPage(query, this.store, this.feedLog, this.names));
  }

  call(callId: string, viewer: Viewer): Promise<CallDetail | null> {
    const call = this.visible(callId, viewer);
    return Promise.resolve(call && detailOf(call, this.names));
  }

  async addNote(input: AddNoteInput): Promise<NoteResult> {
    await this.names.learn({ users: [input.viewer.userId], devices: [] });
    return this.commit(() => this.noteBook.add(input));
  }

  changeNote(input: ChangeNoteInput): Promise<NoteResult> {
    return Promise.resolve(this.commit(() => this.noteBook.change(input)));
  }

  deleteNote(input: Omit<ChangeNoteInput, 'text'>): Promise<DeleteNoteResult> {
    return Promise.resolve(this.commit(() => this.noteBook.remove(input)));
  }

  notes(callId: string, viewer: Viewer): Promise<NoteView[] | null> {
    return Promise.resolve(this.noteBook.list(callId, viewer));
  }

  async phoneStats(query: PhoneStatsQuery): Promise<PhoneStats> {
    const timeZone = await this.names.zone();
    return { time_zone: timeZone, rows: this.counters.rows(query, this.names.user) };
  }

  takeTicket(secret: string): Promise<LiveSubscriber | null> {
    return Promise.resolve(this.tickets.take(secret, Date.now()));
  }

  createTicket(subscriber: LiveSubscriber, now: number): Promise<TicketResult> {
    this.wakeAt(now + TRIM_MS);
    return Promise.resolve(this.tickets.create(subscriber, now));
  }

  dropSession(sid: string): Promise<void> {
    this.tickets.dropWhere((who) => who.sid === sid);
    this.sockets.dropSession(sid, 'session_ended');
    return Promise.resolve();
  }

  dropUser(userId: string): Promise<void> {
    this.tickets.dropWhere((who) => who.userId === userId);
    this.sockets.dropUser(userId, 'session_ended');
    return Promise.resolve();
  }

  async userChanged(userId: string): Promise<void> {
    const named = await this.names.load({ users: [userId], devices: [] });
    const moved = await this.names.loadTenant();
    if (named || moved) this.commit(() => this.intake.refresh());
  }

  async directoryChanged(): Promise<void> {
    const named = await this.names.load(this.names.known());
    const moved = await this.names.loadTenant();
    if (named || moved) this.commit(() => this.intake.refresh());
  }

  override webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): void {
    // The runtime answers pings itself.
    this.sockets.heard(ws, message);
  }

  override webSocketClose(ws: WebSocket): void {
    this.sockets.remove(ws);
  }

  override webSocketError(ws: WebSocket, error: unknown): void {
    this.sockets.remove(ws);
    if (!isTransportError(error)) console.error('live socket', error);
  }

  /** Idempotent: everything it does is decided by what is stored and what time it is. */
  override async alarm(): Promise<void> {
    this.alarmAt = null;
    const now = Date.now();
    if (this.namesAt !== null && this.namesAt <= now) await this.reloadNames();
    this.commit(() => this.intake.finalise(now));
    const headAt = await this.teller.heads(now);
    let left = true;
    if (this.trimAt === null || this.trimAt <= now) {
      this.feedLog.trim(now);
      left = this.store.trim(now) || this.feedLog.trimAt() !== null;
      this.trimAt = now + TRIM_MS;
    }
    const times = [finaliseAt(this.store), headAt, this.namesAt, left ? this.trimAt : null];
    const next = times.filter((at) => at !== null);
    if (next.length > 0) this.wakeAt(Math.min(...next));
  }

  private live(request: Request): Response {
    const url = new URL(request.url);
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
      return new Response(null, { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    const given = request.headers.get(SUBSCRIBER_HEADER);
    if (url.pathname === RELAY_PATH) this.sockets.acceptRelay(server);
    else if (given === null) return new Response(null, { status: 401 });
    else if (this.sockets.full) return new Response(null, { status: 429 });
    else this.sockets.accept(server, JSON.parse(given) as LiveSubscriber, feedPosition(url.searchParams));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Runs `work` in one transaction, then tells what it changed; a failure leaves neither storage nor memory changed. */
  private commit<T>(work: () => T): T {
    const mark = this.teller.mark;
    let result: T;
    try {
      result = this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.teller.rollback(mark);
      this.store.forget();
      this.feedLog.reread();
      throw error;
    }
    const now = Date.now();
    const headAt = this.teller.tell(now);
    if (headAt !== null) this.wakeAt(headAt);
    if (this.alarmAt === null) this.wakeAt(now + TRIM_MS);
    return result;
  }

  private wakeAt(at: number): void {
    if (this.alarmAt !== null && this.alarmAt <= at) return;
    this.alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }

  private visible(callId: string, viewer: Viewer): CallRecord | null {
    const call = this.store.call(callId);
    return call && sees(viewer, call) ? call : null;
  }

  private wantNames(at: number): void {
    this.namesAt = this.namesAt === null ? at : Math.min(this.namesAt, at);
    this.wakeAt(this.namesAt);
  }

  private async reloadNames(): Promise<void> {
    try {
      const moved = await this.names.loadTenant();
      const live = this.store.liveCalls();
      const named = await this.names.learn({
        users: live.flatMap((call) => call.userId ?? []),
        devices: live.flatMap((call) => call.deviceId ?? []),
      });
      this.namesAt = null;
      this.namesLoadedAt = Date.now();
      if (moved || named) this.commit(() => this.intake.refresh());
    } catch (error) {
      console.error('names of the call hub', error);
      this.namesAt = Date.now() + NAMES_RETRY_MS;
    }
  }
}
