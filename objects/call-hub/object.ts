import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import type { PhoneEvent } from '../phone-queue/contract';
import {
  SUBSCRIBER_HEADER,
  TICKET_HEADER,
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
import { Intake, type Told } from './intake';
import type { CallRecord } from './machine';
import { CALL_HUB_MIGRATIONS } from './migrations';
import { Notes, NOTES_PER_CALL, noteView, type NoteRow } from './notes';
import { LiveSockets, PER_TENANT, PING, PONG } from './sockets';
import { PhoneCounters } from './stats';
import { CallStore } from './store';
import { Tickets } from './tickets';
import { isTransportError } from './transport-errors';
import { detailOf, viewOf } from './view';

/** Heads follow a change at most this often; with no changes or no listeners there are none. */
const HEAD_MS = 25_000;
const TRIM_MS = 6 * 3_600_000;
const NAMES_RETRY_MS = 30_000;

/** One per tenant: the truth of its calls, its live feed, notes and counters. See contract.ts. */
export class CallHub extends DurableObject<Env> implements CallHubApi {
  private readonly store: CallStore;
  private readonly feedLog: Feed;
  private readonly names: Directory;
  private readonly counters: PhoneCounters;
  private readonly noteRows: Notes;
  private readonly tickets: Tickets;
  private readonly sockets: LiveSockets;
  private readonly intake: Intake;
  /** Stored changes the sockets have not been told of yet, in order. */
  private told: Told[] = [];
  private telling: Promise<void> | null = null;
  private alarmAt: number | null = null;
  private headAt: number | null = null;
  private headTold = -1;
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
    this.noteRows = new Notes(sql);
    this.tickets = new Tickets(sql);
    this.sockets = new LiveSockets(ctx, this.feedLog);
    this.intake = new Intake({
      store: this.store,
      feed: this.feedLog,
      counters: this.counters,
      names: this.names,
      tell: (change) => this.told.push(change),
      now: Date.now,
    });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    void ctx.blockConcurrencyWhile(async () => {
      this.alarmAt = await ctx.storage.getAlarm();
    });
  }

  override fetch(request: Request): Promise<Response> {
    return Promise.resolve(this.live(request));
  }

  async ingestPhone(events: PhoneEvent[]): Promise<void> {
    await this.learnNames(events);
    const timeZone = this.names.timeZone() ?? 'UTC';
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
      this.namesAt = Date.now();
      this.wakeAt(this.namesAt);
    }
    return Promise.resolve(result);
  }

  feed({ viewer, since, recent = 0 }: FeedQuery): Promise<FeedPage> {
    const cursor = `${this.feedLog.epoch}:${this.feedLog.head}`;
    const [, epoch = '', offset = ''] = /^(.+):(\d{1,15})$/.exec(since ?? '') ?? [];
    const follows = since !== null && since !== undefined && this.feedLog.reaches(epoch, Number(offset));
    const records = follows
      ? this.feedLog.changedSince(Number(offset)).flatMap((id) => this.store.call(id) ?? [])
      : [
          ...this.store.liveCalls(),
          ...this.store.recentCalls(Math.min(recent, 200), viewer.scope === 'all' ? null : viewer.userId),
        ];
    const calls = records.filter((call) => sees(viewer, call)).map((call) => viewOf(call, this.names));
    return Promise.resolve({ calls, cursor, reset: !follows });
  }

  call(callId: string, viewer: Viewer): Promise<CallDetail | null> {
    const call = this.visible(callId, viewer);
    return Promise.resolve(call && detailOf(call, this.names));
  }

  async addNote({ callId, viewer, text, now }: AddNoteInput): Promise<NoteResult> {
    await this.learn({ users: [viewer.userId], devices: [] });
    const call = this.visible(callId, viewer);
    if (!call) return { ok: false, code: 'not_found' };
    if (this.noteRows.count(callId) >= NOTES_PER_CALL) return { ok: false, code: 'too_many' };
    const row: NoteRow = {
      id: crypto.randomUUID(),
      call_id: callId,
      user_id: viewer.userId,
      text,
      at: now,
      edited_at: null,
    };
    this.commit(() => {
      this.noteRows.add(row);
      this.countNotes(call);
    });
    return { ok: true, note: noteView(row, this.names) };
  }

  changeNote({ noteId, viewer, text, now }: ChangeNoteInput): Promise<NoteResult> {
    const found = this.ownNote(noteId, viewer);
    if (!found.ok) return Promise.resolve(found);
    this.commit(() => this.noteRows.change(noteId, text, now));
    return Promise.resolve({ ok: true, note: noteView({ ...found.row, text, edited_at: now }, this.names) });
  }

  deleteNote({ noteId, viewer }: Omit<ChangeNoteInput, 'text'>): Promise<DeleteNoteResult> {
    const found = this.ownNote(noteId, viewer);
    if (!found.ok) return Promise.resolve(found);
    this.commit(() => {
      this.noteRows.remove(noteId);
      this.countNotes(found.call);
    });
    return Promise.resolve({ ok: true });
  }

  notes(callId: string, viewer: Viewer): Promise<NoteView[] | null> {
    if (!this.visible(callId, viewer)) return Promise.resolve(null);
    return Promise.resolve(this.noteRows.of(callId).map((row) => noteView(row, this.names)));
  }

  async phoneStats(query: PhoneStatsQuery): Promise<PhoneStats> {
    if (this.names.timeZone() === null) await this.names.loadTenant();
    const rows = this.counters.rows(query, this.names.user);
    return { time_zone: this.names.timeZone() ?? 'UTC', rows };
  }

  createTicket(subscriber: LiveSubscriber, now: number): Promise<TicketResult> {
    this.wakeAt(now + TRIM_MS);
    return Promise.resolve(this.tickets.create(subscriber, now));
  }

  dropSession(sid: string): Promise<void> {
    this.tickets.dropWhere((who) => who.sid === sid);
    this.sockets.drop((who) => who.sid === sid, 'session_ended');
    return Promise.resolve();
  }

  dropUser(userId: string): Promise<void> {
    this.tickets.dropWhere((who) => who.userId === userId);
    this.sockets.drop((who) => who.userId === userId, 'session_ended');
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

  override webSocketMessage(ws: WebSocket): void {
    // The runtime answers pings itself; nothing else is ever expected from this side.
    this.sockets.refuse(ws);
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
    if (this.headAt === null || this.headAt <= now) {
      this.headAt = null;
      // A head that overtook a change would make its receiver take the change for seen.
      while (this.telling) await this.telling;
      if (this.headTold !== this.feedLog.head) this.sockets.heads(now);
      this.headTold = this.feedLog.head;
    }
    let left = true;
    if (this.trimAt === null || this.trimAt <= now) {
      this.feedLog.trim(now);
      left = this.store.trim(now) || this.feedLog.trimAt() !== null;
      this.trimAt = now + TRIM_MS;
    }
    const times = [this.store.nextDue(), this.headAt, this.namesAt, left ? this.trimAt : null];
    const next = times.filter((at) => at !== null);
    if (next.length > 0) this.wakeAt(Math.min(...next));
  }

  private live(request: Request): Response {
    const url = new URL(request.url);
    if (url.pathname !== '/live' || request.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      return new Response(null, { status: 426 });
    }
    const ticket = request.headers.get(TICKET_HEADER);
    const given = request.headers.get(SUBSCRIBER_HEADER);
    const who =
      ticket !== null
        ? this.tickets.take(ticket, Date.now())
        : given && (JSON.parse(given) as LiveSubscriber);
    if (!who) return new Response(null, { status: 401 });
    if (this.sockets.size >= PER_TENANT) return new Response(null, { status: 429 });
    const epoch = url.searchParams.get('epoch');
    const offset = url.searchParams.get('offset');
    const from =
      epoch !== null && offset !== null
        ? { epoch, offset: /^\d{1,15}$/.test(offset) ? Number(offset) : -1 }
        : null;
    const { 0: client, 1: server } = new WebSocketPair();
    this.sockets.accept(server, who, from);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Runs `work` in one transaction, then tells what it changed; a failure leaves neither storage nor memory changed. */
  private commit<T>(work: () => T): T {
    let result: T;
    const before = this.told.length;
    try {
      result = this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.told.length = before;
      this.store.forget();
      this.feedLog.reread();
      throw error;
    }
    const now = Date.now();
    if (this.told.length > 0 && this.sockets.size > 0) {
      this.telling ??= this.tell();
      if (this.headAt === null) {
        this.headAt = now + HEAD_MS;
        this.wakeAt(this.headAt);
      }
    } else this.told.length = 0;
    if (this.alarmAt === null) this.wakeAt(now + TRIM_MS);
    return result;
  }

  /**
   * Tells the sockets what has become durable, after whoever reported it has its answer, and a batch at a time: with
   * thousands of sockets it takes tens of milliseconds, in which others want answers too. A socket that comes in
   * between hears of a change twice and drops the second.
   */
  private async tell(): Promise<void> {
    await this.ctx.storage.sync();
    for (let change = this.told.shift(); change; change = this.told.shift()) {
      const { offset, data, audience } = change;
      for (const rest of this.sockets.broadcast(offset, data, audience))
        if (rest > 0) await scheduler.wait(0);
    }
    this.telling = null;
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

  private ownNote(
    noteId: string,
    viewer: Viewer,
  ): { ok: true; row: NoteRow; call: CallRecord } | { ok: false; code: 'not_found' | 'not_yours' } {
    const row = this.noteRows.get(noteId);
    const call = row && this.visible(row.call_id, viewer);
    if (!row || !call) return { ok: false, code: 'not_found' };
    return row.user_id === viewer.userId ? { ok: true, row, call } : { ok: false, code: 'not_yours' };
  }

  private countNotes(call: CallRecord): void {
    const known = this.store.call(call.callId) ?? call;
    this.intake.save({ ...known, noteCount: this.noteRows.count(call.callId) }, known);
  }

  /** Names of whoever the events speak of, and the tenant's zone: without it a call has no day to be counted on. */
  private async learnNames(events: PhoneEvent[]): Promise<void> {
    if (this.names.timeZone() === null) await this.names.loadTenant();
    await this.learn({
      users: events.map((event) => event.userId),
      devices: events.flatMap((event) => event.deviceId ?? []),
    });
  }

  private async learn(wanted: { users: string[]; devices: string[] }): Promise<void> {
    const missing = this.names.missing(wanted);
    if (missing.users.length + missing.devices.length > 0) await this.names.load(missing);
  }

  private async reloadNames(): Promise<void> {
    try {
      const changed = await this.names.loadTenant();
      this.namesAt = null;
      this.namesLoadedAt = Date.now();
      if (changed) this.commit(() => this.intake.refresh());
    } catch (error) {
      console.error('names of the call hub', error);
      this.namesAt = Date.now() + NAMES_RETRY_MS;
    }
  }
}

const sees = (viewer: Viewer, call: CallRecord): boolean =>
  viewer.scope === 'all' || call.audience.includes(viewer.userId);
