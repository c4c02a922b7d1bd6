/**
 * What bridges tell becomes calls: channels of a PBX, calls on slots, CDR rows. Runs inside the caller's transaction;
 * each call is read and shown once per batch, however much of it a batch holds.
 */
import type { BridgeEvent, BridgeEventOf } from '../../bridge/protocol/events';
import type { CdrBook } from './cdr';
import type { BridgeEvents, CallView, StartCallInput } from './contract';
import type { GroupStore } from './group-store';
import type { Intake } from './intake';
import { applyFact, applySync, newLegSet, type LegSet } from './pbx/legs';
import { applyChanges, newCall, type CallRecord } from './machine';
import { askedKey, linkChannel, type PbxGroup } from './pbx/groups';
import type { SeenEvents } from './seen-events';
import type { SlotCalls } from './slot-calls';
import type { CallStore } from './store';

export interface BridgeIntakeParts {
  store: CallStore;
  groups: GroupStore;
  intake: Intake;
  seen: SeenEvents;
  slots: SlotCalls;
  cdr: CdrBook;
  names: { ownerOf(extension: string): string | null };
  view(call: CallRecord): CallView;
  now(): number;
}

/** A bridge whose clock is off by more than this is not believed. */
const OLDEST_MS = 8 * 24 * 3_600_000;

type Entry = BridgeEvents['events'][number];

export class BridgeIntake {
  constructor(private readonly parts: BridgeIntakeParts) {}

  /** `exts`: extensions of the calls that changed, `due`: when to look at one of them again. */
  take({ bridgeId, journal, events }: BridgeEvents): { exts: string[]; due: number | null } {
    const { seen, groups, intake } = this.parts;
    const touched = new Set<PbxGroup>();
    for (const entry of events) {
      if (!isOurs(entry.event) || !seen.keep(journal, entry.seq, this.parts.now())) continue;
      for (const group of this.one(bridgeId, entry, this.believed(entry.at))) touched.add(group);
    }
    const exts = new Set<string>();
    let due: number | null = null;
    for (const group of touched) {
      // Merged into another one meanwhile.
      if (groups.group(group.callId) !== group) continue;
      const told = intake.publish(group);
      for (const ext of told.exts) exts.add(ext);
      if (told.due !== null) due = Math.min(due ?? told.due, told.due);
    }
    return { exts: [...exts], due };
  }

  /** A call is asked for: it is queued, whoever tells of it next. */
  start(input: StartCallInput): { view: CallView; due: number | null } {
    const { store, groups, intake, names } = this.parts;
    const known = store.call(input.callId);
    const owner = input.extension === null ? null : names.ownerOf(input.extension);
    const call = known ?? newCall(input.callId, input.source, input.direction, input.number, input.now);
    const started = applyChanges({ ...call, source: input.source }, [
      {
        type: 'describe',
        fields: {
          direction: input.direction,
          number: input.number,
          startAt: Math.min(call.startAt, input.now),
          userId: owner ?? input.userId,
          extension: input.extension ?? undefined,
          slotId: input.slotId ?? undefined,
          bridgeId: input.bridgeId,
          pbx: input.pbx ?? undefined,
          trunk: call.trunk ?? input.trunk,
          contactId: input.contactId ?? undefined,
          companyId: input.companyId ?? undefined,
        },
      },
      { type: 'show', userIds: [input.userId, ...(owner === null ? [] : [owner])] },
      { type: 'reach', state: 'queued', at: input.now, by: `user:${input.userId}` },
    ]);
    intake.save(started, known);
    let due: number | null = null;
    if (input.source === 'pbx' && groups.group(input.callId) === null) {
      const group = groups.start(input.callId, input.now);
      const keys = [`c:${input.callId}`];
      if (input.extension !== null) keys.push(askedKey(input.number, input.extension));
      groups.addKeys(group, keys);
      due = intake.publish(group).due;
    }
    return { view: this.parts.view(started), due };
  }

  /** The start was refused. */
  fail(callId: string, now: number): void {
    const { store, intake, groups } = this.parts;
    const known = store.call(callId);
    if (!known) return;
    const ending = {
      evidence: 'withdrawn',
      order: now,
      id: callId,
      endAt: now,
      by: known.source,
      outcome: 'failed',
      answerAt: null,
      talkSec: 0,
    } as const;
    intake.save(applyChanges(known, [{ type: 'end', ending }]), known);
    const group = groups.group(callId);
    if (group) groups.save(group, null);
  }

  endAsked(callId: string, now: number): void {
    const { store, groups, intake } = this.parts;
    const group = groups.group(callId);
    const call = store.call(callId);
    if (!group || call?.pbx == null || call.bridgeId === null) return;
    group.legs ??= newLegSet(call.pbx, call.bridgeId);
    group.legs.endAskedAt ??= now;
    intake.publish(group);
  }

  private one(bridgeId: string, { event, seq, slotId }: Entry, at: number): PbxGroup[] {
    switch (event.kind) {
      case 'pbx.channel': {
        const group = linkChannel(event.data, this.parts.groups);
        group.legs ??= newLegSet(event.data.pbx, bridgeId);
        applyFact(group.legs, event.data, [at, seq]);
        return [group];
      }
      case 'pbx.sync':
        return this.sync(bridgeId, event.data, at);
      case 'pbx.originate_failed': {
        const group = this.parts.groups.started(event.data.call_id);
        if (!group) return [];
        const legs: LegSet = (group.legs ??= newLegSet(event.data.pbx, bridgeId));
        legs.failedAt = Math.min(legs.failedAt ?? at, at);
        legs.facts += 1;
        return [group];
      }
      case 'pbx.cdr':
        return this.parts.cdr.add(event.data) ? this.ended(event.data.linkedid) : [];
      case 'slot.call':
        if (slotId !== null) this.parts.slots.take(bridgeId, slotId, event.data, at);
        return [];
      default:
        return [];
    }
  }

  private sync(bridgeId: string, data: BridgeEventOf<'pbx.sync'>, at: number): PbxGroup[] {
    const present = new Set(data.uniqueids);
    return this.parts.groups.open().filter(({ legs }) => {
      if (legs?.pbx !== data.pbx || legs.bridgeId !== bridgeId) return false;
      return applySync(legs, present, at);
    });
  }

  /** The call of a CDR row, if it ended unheard: the row knows how. */
  private ended(linkedid: string): PbxGroup[] {
    return this.parts.groups.byKey(`l:${linkedid}`).filter((group) => group.published);
  }

  /** The bridge's moment, as far as it can be true. */
  private believed(at: number): number {
    const now = this.parts.now();
    return at > now || at < now - OLDEST_MS ? now : at;
  }
}

const KINDS: ReadonlySet<BridgeEvent['kind']> = new Set([
  'pbx.channel',
  'pbx.sync',
  'pbx.originate_failed',
  'pbx.cdr',
  'slot.call',
]);
const isOurs = (event: BridgeEvent): boolean => KINDS.has(event.kind);
