import type { SlotState } from '../bridge-link/contract';
import type { PhoneEvent } from '../phone-queue/contract';
import type {
  AddNoteInput,
  BridgeEvents,
  CallDetail,
  CallHubApi,
  CallView,
  ChangeNoteInput,
  ChangeNoteResult,
  ClaimStartInput,
  ClaimStartResult,
  DayCounters,
  DeleteNoteResult,
  FeedPage,
  FeedQuery,
  HistoryPosition,
  HistoryQuery,
  HubGauges,
  IngestPbxInput,
  IngestPbxResult,
  LineTold,
  LiveSubscriber,
  NoteResult,
  NoteView,
  PhoneStats,
  PhoneStatsQuery,
  RouteResult,
  StartCallInput,
  TicketResult,
  Viewer,
  WatchInput,
} from './contract';
import type { CrmBacklog, CrmCopy, CrmSettings } from './crm/contract';
import { feedPage } from './feed-page';
import { RecordsDesk } from './records';
import { routeOf } from './route';
import { detailOf } from './view';

/** One per tenant: the truth of its calls, its live feed, notes and counters. See contract.ts. */
export class CallHub extends RecordsDesk implements CallHubApi {
  async ingestPhone(events: PhoneEvent[]): Promise<void> {
    const { names, intake } = this.parts;
    try {
      await names.learn({
        users: events.map((event) => event.userId),
        devices: events.flatMap((event) => event.deviceId ?? []),
      });
    } catch (error) {
      // A call is not held up by a name: it is shown without, and again with it.
      this.namesFailed(error);
    }
    // Without the tenant's zone a result has no day to be counted on: then it is reported again later.
    const timeZone = events.some((event) => event.result) ? await names.zone() : 'UTC';
    this.commit(() => {
      for (const event of events) intake.phone(event, timeZone);
    });
  }

  ingestPbx(input: IngestPbxInput): Promise<IngestPbxResult> {
    const { result, exts, due } = this.commit(() => this.parts.intake.pbx(input));
    if (due !== null) this.wakeAt(due);
    this.wantUnknown({ exts });
    if (result.duplicate !== true) this.prepare(input);
    return Promise.resolve(result);
  }

  ingestBridge(input: BridgeEvents): Promise<void> {
    const { exts, due } = this.commit(() => this.parts.bridges.take(input));
    if (due !== null) this.wakeAt(due);
    this.wantUnknown({ exts });
    return Promise.resolve();
  }

  async tellSlots(slots: SlotState[]): Promise<void> {
    const { names, intake, slots: slotCalls } = this.parts;
    try {
      const users = slots.flatMap(({ userId, holder }) => [userId, holder?.userId ?? null]);
      await names.learn({ users: users.filter((id) => id !== null), devices: [] });
    } catch (error) {
      this.namesFailed(error);
    }
    this.commit(() => {
      for (const slot of slots) {
        slotCalls.setUser(slot.id, slot.userId);
        intake.slot(slot);
      }
    });
  }

  tellCampaign(input: { campaignId: string; data: string }): Promise<void> {
    this.commit(() => {
      this.parts.intake.campaign(input);
    });
    return Promise.resolve();
  }

  tellOperators(told: LineTold[]): Promise<void> {
    this.commit(() => {
      for (const one of told) this.parts.intake.line(one);
    });
    return Promise.resolve();
  }

  watchCall(input: WatchInput): Promise<void> {
    this.commit(() => {
      this.parts.watches.add(input, this.parts.store.call(input.callId));
    });
    return Promise.resolve();
  }

  tellLog(entries: string): Promise<void> {
    this.parts.sockets.aside({ topic: 'log', list: entries });
    return Promise.resolve();
  }

  tellInbox(changes: string): Promise<void> {
    this.parts.sockets.aside({ topic: 'inbox', list: changes });
    return Promise.resolve();
  }

  startCall(input: StartCallInput): Promise<CallView> {
    const { view, due } = this.commit(() => this.parts.bridges.start(input));
    if (due !== null) this.wakeAt(due);
    this.wantUnknown({ userId: input.userId });
    return Promise.resolve(view);
  }

  failCall({ callId, now }: { callId: string; reason: string; now: number }): Promise<void> {
    this.commit(() => {
      this.parts.bridges.fail(callId, now);
    });
    return Promise.resolve();
  }

  endAsked({ callId, now }: { callId: string; now: number }): Promise<void> {
    this.commit(() => {
      this.parts.bridges.endAsked(callId, now);
    });
    return Promise.resolve();
  }

  claimStart(input: ClaimStartInput): Promise<ClaimStartResult> {
    return Promise.resolve(this.commit(() => this.parts.startKeys.claim(input)));
  }

  settleStart(input: { userId: string; key: string; answer: string | null }): Promise<void> {
    this.commit(() => {
      this.parts.startKeys.settle(input.userId, input.key, input.answer);
    });
    return Promise.resolve();
  }

  async extensionOf(userId: string): Promise<string | null> {
    const { names } = this.parts;
    const known = names.extensionOf(userId);
    if (known !== null) return known;
    await this.freshExtensions();
    return names.extensionOf(userId);
  }

  route(callId: string, viewer: Viewer): Promise<RouteResult> {
    const call = this.parts.visible(callId, viewer);
    return Promise.resolve(call && routeOf(call));
  }

  feed(query: FeedQuery): Promise<FeedPage> {
    const { store, feed, names } = this.parts;
    return Promise.resolve(feedPage(query, store, feed, names));
  }

  call(callId: string, viewer: Viewer): Promise<CallDetail | null> {
    const call = this.parts.visible(callId, viewer);
    return Promise.resolve(call && detailOf(call, this.parts.names));
  }

  async addNote(input: AddNoteInput): Promise<NoteResult> {
    await this.parts.names.learn({ users: [input.viewer.userId], devices: [] });
    return this.commit(() => this.parts.notes.add(input));
  }

  changeNote(input: ChangeNoteInput): Promise<ChangeNoteResult> {
    return Promise.resolve(this.commit(() => this.parts.notes.change(input)));
  }

  deleteNote(input: Omit<ChangeNoteInput, 'text'>): Promise<DeleteNoteResult> {
    return Promise.resolve(this.commit(() => this.parts.notes.remove(input)));
  }

  notes(callId: string, viewer: Viewer): Promise<NoteView[] | null> {
    return Promise.resolve(this.parts.notes.list(callId, viewer));
  }

  async phoneStats(query: PhoneStatsQuery): Promise<PhoneStats> {
    const { names, counters } = this.parts;
    const timeZone = await names.zone();
    return { time_zone: timeZone, rows: counters.rows(query, names.user) };
  }

  history(query: HistoryQuery): Promise<{ calls: CallView[]; next: HistoryPosition | null }> {
    const { history, names } = this.parts;
    return Promise.resolve(
      history.page({ ...query, ...(query.user !== undefined && { user: names.idOf(query.user) }) }),
    );
  }

  async dayCounters({ day, now }: { day?: string; now: number }): Promise<DayCounters> {
    await this.parts.names.zone();
    return this.parts.tally.day(day, now);
  }

  async gauges(now: number): Promise<HubGauges> {
    const { tally, feed } = this.parts;
    const today = await this.dayCounters({ now });
    return { ...today, feedOffset: feed.head, ended: tally.ended() };
  }

  takeTicket(secret: string): Promise<LiveSubscriber | null> {
    return Promise.resolve(this.parts.tickets.take(secret, Date.now()));
  }

  createTicket(subscriber: LiveSubscriber, now: number): Promise<TicketResult> {
    this.trimSoon(now);
    return Promise.resolve(this.parts.tickets.create(subscriber, now));
  }

  dropSession(sid: string): Promise<void> {
    this.parts.tickets.dropWhere((who) => who.sid === sid);
    this.parts.sockets.dropSession(sid, 'session_ended');
    return Promise.resolve();
  }

  dropUser(userId: string): Promise<void> {
    this.parts.tickets.dropWhere((who) => who.userId === userId);
    this.parts.sockets.dropUser(userId, 'session_ended');
    return Promise.resolve();
  }

  reseat(userIds: string[]): Promise<void> {
    for (const userId of userIds) {
      this.parts.tickets.dropWhere((who) => who.userId === userId);
      this.parts.sockets.dropUser(userId, 'permissions_changed');
    }
    return Promise.resolve();
  }

  setCrm(settings: CrmSettings): Promise<void> {
    this.commit(() => {
      this.parts.crm.set(settings);
    });
    return Promise.resolve();
  }

  crmCopy(): Promise<CrmCopy> {
    return Promise.resolve(this.parts.crm.copy);
  }

  async tellCrm(): Promise<CrmBacklog[]> {
    const { crmOutbound } = this.parts;
    crmOutbound.hurry();
    await crmOutbound.drain();
    return crmOutbound.backlog();
  }

  async userChanged(userId: string): Promise<void> {
    const { names } = this.parts;
    const named = await names.load({ users: [userId], devices: [] });
    const moved = await names.loadTenant();
    if (named || moved) this.refresh();
  }

  async directoryChanged(): Promise<void> {
    const { names } = this.parts;
    const named = await names.load(names.known());
    const moved = await names.loadTenant();
    if (named || moved) this.refresh();
  }
}
