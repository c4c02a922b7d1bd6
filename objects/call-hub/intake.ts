/**
 * What is reported becomes calls: each report is read by its pure translation, the record grows by the machine,
 * and a change that anyone can see is a row of the feed. All of it runs inside the caller's one transaction.
 */
import type { SlotState } from '../bridge-link/contract';
import type { PhoneEvent } from '../phone-queue/contract';
import type { CdrBook } from './cdr';
import type { CallCounters } from './counters';
import { correctByCdr } from './cdr-read';
import type { IngestPbxInput, IngestPbxResult, LineTold } from './contract';
import type { CrmDesk } from './crm/desk';
import type { Feed } from './feed';
import { applyChanges, newCall, type CallChange, type CallRecord } from './machine';
import type { GroupStore } from './group-store';
import { groupDueAt, readGroup, type CallReading } from './pbx/reading';
import type { Recordings } from './recordings';
import { readPbxEvent, type PbxFact } from './pbx/fields';
import { linkFact, type PbxGroup } from './pbx/groups';
import { applyPhoneEvent } from './phone';
import type { Told } from './seats';
import { entryOf, type PhoneCounters } from './stats';
import { slotUpdateOf } from './slot-view';
import type { CallStore } from './store';
import { viewOf, type Names } from './view';
import type { CallWatches } from './watches';

/** A phone that took a command may lose its result for good: then the call ends by itself, with nothing known of it. */
const PHONE_CAP_MS = 4 * 3_600_000;

export interface IntakeParts {
  store: CallStore;
  groups: GroupStore;
  recordings: Recordings;
  cdr: CdrBook;
  feed: Feed;
  counters: PhoneCounters;
  /** Counts all calls. */
  tally: CallCounters;
  names: Names & { ownerOf(extension: string): string | null };
  watches: Pick<CallWatches, 'changed'>;
  crm: Pick<CrmDesk, 'mark' | 'tell' | 'readingRules'>;
  tell(change: Told): void;
  now(): number;
}

/** When the next call is closed by `finalise`, null when none can be. */
export function finaliseAt(store: CallStore): number | null {
  const { pbx, phoneSince } = store.nextDue();
  const times = [pbx, phoneSince === null ? null : phoneSince + PHONE_CAP_MS].filter((at) => at !== null);
  return times.length > 0 ? Math.min(...times) : null;
}

const unreported = (now: number): CallChange => ({
  type: 'end',
  ending: {
    evidence: 'timer',
    order: now,
    id: 'timer',
    endAt: now,
    by: 'timer',
    outcome: null,
    answerAt: null,
    talkSec: null,
  },
});

function partOfAnother({ callId, marks }: CallRecord, now: number): CallChange {
  const answerAt = marks.connected?.at ?? null;
  return {
    type: 'end',
    ending: {
      evidence: 'withdrawn',
      order: 0,
      id: callId,
      endAt: now,
      by: 'pbx',
      outcome: answerAt === null ? 'cancelled' : 'answered',
      answerAt,
      talkSec: answerAt === null ? 0 : Math.max(0, Math.round((now - answerAt) / 1000)),
    },
  };
}

const earliest = (times: readonly (number | null)[]): number | null =>
  times.reduce((first, at) => (at !== null && (first === null || at < first) ? at : first), null);

export class Intake {
  constructor(private readonly parts: IntakeParts) {}

  /** One PBX event. `exts` are the internal numbers of its call, `due` when to look at it again. */
  pbx(input: IngestPbxInput): { result: IngestPbxResult; exts: string[]; due: number | null } {
    const { store, groups, crm } = this.parts;
    const nothing = { exts: [], due: null };
    if (input.windowMs !== undefined && this.isRepeat(input, input.windowMs))
      return { result: { ok: true, duplicate: true }, ...nothing };
    if (!store.keepPbxEvent(input.event, input.body, input.receivedAt)) {
      return { result: { ok: true, duplicate: true }, ...nothing };
    }
    const fact = readPbxEvent(input.event, input.body, input.receivedAt);
    if (!fact) return { result: { ok: true, ignored: true }, ...nothing };
    const told = linkFact(crm.mark(fact), groups).map((group) => this.publish(group));
    const due = earliest(told.map((one) => one.due));
    return { result: { ok: true }, exts: told.flatMap(({ exts }) => exts), due };
  }

  /** A second dial says something new where it rings somebody else or goes over another trunk. */
  private isRepeat(input: IngestPbxInput, windowMs: number): boolean {
    const fact = readPbxEvent(input.event, input.body, input.receivedAt);
    if (fact?.k !== 'dial' && fact?.k !== 'hangup') return false;
    const said = (of: PbxFact): string =>
      of.k === 'dial' ? [of.phone, of.trunk, of.type, ...of.exts].join() : of.k;
    return this.parts.groups
      .byKey(`u:${fact.u}`)
      .some(({ facts }) =>
        facts.some(
          (known) =>
            known.k === fact.k &&
            known.u === fact.u &&
            known.at > fact.at - windowMs &&
            said(known) === said(fact),
        ),
      );
  }

  /** One change of a phone's command; a repeated one does nothing. */
  phone(event: PhoneEvent, timeZone: string): void {
    const { store, counters } = this.parts;
    if (!store.keepPhoneEvent(event.id, event.at)) return;
    const known = store.call(event.callId);
    const call = applyPhoneEvent(known, event);
    this.save(call, known);
    // Only the result that stands is counted.
    if (event.result && call.ending?.id === event.id) {
      counters.count(event.callId, entryOf(event, event.result, call.startAt, timeZone));
    }
  }

  /** Closes calls whose end nobody reported; drops what never became a call. */
  finalise(now: number): void {
    const { store, groups } = this.parts;
    for (const call of store.stalePhoneCalls(now - PHONE_CAP_MS))
      this.save(applyChanges(call, [unreported(now)]), call);
    for (const group of groups.due(now)) {
      if (!group.published) {
        groups.drop(group.callId);
        continue;
      }
      // It may as well be that its record for the CRMs is due.
      const due = groupDueAt(group, this.read(group));
      if (due !== null && due <= now) group.facts.push({ k: 'timeout', at: now });
      this.publish(group);
    }
  }

  /** After names or extensions changed: live calls are attributed and shown anew. */
  refresh(): void {
    const { store, groups, feed } = this.parts;
    for (const group of groups.open()) this.publish(group);
    for (const call of store.liveCalls()) {
      const data = this.render(call);
      if (data !== feed.lastData(call.callId)) this.announce(call, data);
    }
  }

  /** Stores a call and, if anyone can see the difference, tells it. */
  save(call: CallRecord, known: CallRecord | null): void {
    if (call === known) return;
    const bucket = this.parts.tally.count(call, known);
    this.parts.store.saveCall(call, known, this.parts.feed.head + 1, bucket);
    this.parts.watches.changed(call);
    const data = this.render(call);
    if (known === null || data !== this.render(known) || call.audience !== known.audience)
      this.announce(call, data);
  }

  /** Reads a PBX call anew and shows what changed. `exts` are its extensions, `due` when to look at it again. */
  publish(group: PbxGroup): { exts: string[]; due: number | null } {
    const { store, groups, crm } = this.parts;
    const reading = this.read(group);
    const known = store.call(group.callId);
    let call = known;
    if (reading && !this.isConsult(group, reading)) {
      const first =
        known ?? newCall(group.callId, 'pbx', reading.direction ?? 'out', reading.number, reading.startAt);
      call = applyChanges(first, [...this.changesOf(group, reading), ...this.attach(group)]);
      group.published = true;
    } else if (known && !known.ending && group.startedAt === null) {
      // What looked like a call was a part of another one.
      call = applyChanges(known, [partOfAnother(known, this.parts.now())]);
    }
    if (call) this.save(call, known);
    const tellAt = group.published ? crm.tell(group, call, reading) : null;
    const due = earliest([groupDueAt(group, reading), tellAt]);
    groups.save(group, due);
    return { exts: reading?.exts ?? [], due };
  }

  private read(group: PbxGroup): CallReading | null {
    const reading = readGroup(group, this.parts.crm.readingRules);
    const unheard = reading?.ending && reading.ending.evidence !== 'reported';
    return unheard ? correctByCdr(reading, this.parts.cdr.ofCall(group.callId), group.legs) : reading;
  }

  /** Somebody asks a colleague while a customer waits: a part of that call, unless it outlives it. */
  private isConsult(group: PbxGroup, reading: CallReading): boolean {
    const { legs } = group;
    if (group.published || !legs || reading.direction !== 'internal' || reading.extension === null)
      return false;
    if (reading.ending) return legs.consult === true;
    if (!this.parts.store.talksOutside(reading.extension, group.callId)) return false;
    legs.consult = true;
    return true;
  }

  /** CDR rows and recordings find the call by every name its channels had. */
  private attach({ callId, legs }: PbxGroup): CallChange[] {
    const { recordings } = this.parts;
    if (!legs || legs.attached === legs.linkedids.length) return [];
    const waited = legs.linkedids.slice(legs.attached).map((linkedid) => recordings.attach(linkedid, callId));
    legs.attached = legs.linkedids.length;
    return waited.includes(true) ? [{ type: 'recordings', count: recordings.count(callId) }] : [];
  }

  private changesOf(group: PbxGroup, reading: CallReading): CallChange[] {
    const { names } = this.parts;
    const { legs } = group;
    const ours = group.startedAt !== null;
    const owner = reading.extension === null ? null : names.ownerOf(reading.extension);
    const changes: CallChange[] = [
      {
        type: 'describe',
        fields: {
          // Two phones that ring are nobody's yet, though the first of them looked like the one.
          extension: legs && !ours ? reading.extension : (reading.extension ?? undefined),
          trunk: reading.trunk ?? undefined,
          ...(legs && { bridgeId: legs.bridgeId, pbx: legs.pbx }),
          linkedid: reading.linkedid ?? undefined,
          // Who asked for a call knows better than its channels whom it is for.
          ...(!ours && {
            direction: reading.direction ?? undefined,
            number: reading.number,
            startAt: reading.startAt,
            userId: legs ? owner : (owner ?? undefined),
          }),
        },
      },
      { type: 'show', userIds: reading.exts.flatMap((ext) => names.ownerOf(ext) ?? []) },
    ];
    const moments = { ringing: reading.ringingAt, connected: reading.answeredAt } as const;
    for (const state of ['ringing', 'connected'] as const) {
      const at = moments[state];
      if (at !== null) changes.push({ type: 'restate', state, at, by: 'pbx' });
    }
    if (reading.ending) {
      changes.push({
        type: 'end',
        ending: {
          ...reading.ending,
          // A reading of more facts is the truer one.
          order: group.facts.length + (legs?.facts ?? 0),
          id: group.callId,
          by: reading.ending.evidence === 'timer' ? 'timer' : 'pbx',
          answerAt: reading.answeredAt,
        },
      });
    }
    return changes;
  }

  private render = (call: CallRecord): string => JSON.stringify(viewOf(call, this.parts.names));

  /** A slot changed; live sockets that may see slots are told. */
  slot(slot: SlotState): void {
    const data = JSON.stringify(slotUpdateOf(slot, this.parts.names));
    const key = `slot:${slot.id}`;
    if (data === this.parts.feed.lastData(key)) return;
    const offset = this.parts.feed.append('slot.update', key, data, this.parts.now());
    this.parts.tell({ offset, event: 'slot.update', data, audience: [] });
  }

  /** A campaign got further; live sockets that may see slots are told. */
  campaign({ campaignId, data }: { campaignId: string; data: string }): void {
    const key = `campaign:${campaignId}`;
    if (data === this.parts.feed.lastData(key)) return;
    const offset = this.parts.feed.append('campaign.update', key, data, this.parts.now());
    this.parts.tell({ offset, event: 'campaign.update', data, audience: [] });
  }

  /** An operator or a queue changed: its viewers are told, and who is no viewer from now on once more. */
  line({ key, rev, event, data, viewers }: LineTold): void {
    const { feed } = this.parts;
    const last = feed.lastData(key);
    // Told again, or overtaken by a newer telling.
    if (last !== null && (JSON.parse(last) as { rev: number }).rev >= rev) return;
    const said = `{"rev":${rev},${data.slice(1)}`;
    const offset = feed.append(event, key, said, this.parts.now());
    const former = feed.setViewers(key, viewers, offset);
    this.parts.tell({ offset, event, data: said, audience: [...new Set([...viewers, ...former])] });
  }

  private announce(call: CallRecord, data: string): void {
    const offset = this.parts.feed.append('call.update', call.callId, data, this.parts.now());
    this.parts.tell({ offset, event: 'call.update', data, audience: call.audience });
  }
}
