/**
 * Where calls are told to the tenant's CRMs: keeps their settings, asks the pure rules (intents.ts) after every reading of
 * a call, and stores what they answer in the transaction of the reading.
 */
import type { GroupStore } from '../group-store';
import type { CallRecord } from '../machine';
import { markFollowing, type Mobiles } from '../pbx/facts';
import type { PbxFact } from '../pbx/fields';
import type { PbxGroup } from '../pbx/groups';
import type { CallReading, ReadingRules } from '../pbx/reading';
import type { Recordings } from '../recordings';
import type { CallStore } from '../store';
import { CRM_CALL_RULES, type CrmCopy, type CrmSettings } from './contract';
import { nextIntents } from './intents';
import type { InCall, LiveCalls } from './live-calls';
import type { CrmOutbound } from './outbound';
import type { CrmRecords } from './records';

export interface CrmDeskParts {
  store: Pick<CallStore, 'meta' | 'setMeta'>;
  recordings: Pick<Recordings, 'list'>;
  groups: Pick<GroupStore, 'byKey'>;
  live: LiveCalls;
  records: Pick<CrmRecords, 'keep'>;
  outbound: Pick<CrmOutbound, 'add' | 'keepOnly' | 'reread'>;
  now(): number;
}

/** Nobody is told anything: calls are read by the same rules all the same. */
const SWITCHED_OFF: Kept = { version: 0, links: [], rules: CRM_CALL_RULES };

/** As it is stored; `toldAt` is missing where it was told before that was written down. */
type Kept = CrmSettings & { toldAt?: number };

export class CrmDesk {
  private settings: Kept;
  private readonly counted = { hits: 0, misses: 0, refreshes: 0 };
  private mobiles: Mobiles = new Map();
  private callers: ReadonlyMap<string, string> = new Map();

  constructor(private readonly parts: CrmDeskParts) {
    this.settings = this.read();
  }

  /** Answers whether it was newer than what was kept. */
  set(settings: CrmSettings): boolean {
    if (settings.version <= this.settings.version) return false;
    const toldAt = this.parts.now();
    this.parts.store.setMeta('crm', JSON.stringify({ ...settings, toldAt } satisfies Kept));
    this.settings = this.read();
    this.counted.refreshes += 1;
    this.parts.outbound.keepOnly(this.families());
    return true;
  }

  /** After a rolled back transaction. */
  forget(): void {
    this.settings = this.read();
    this.parts.live.forget();
    this.parts.outbound.reread();
  }

  get copy(): CrmCopy {
    const { links, toldAt } = this.settings;
    return { links, callerRules: this.callers.size, toldAt: toldAt ?? null, ...this.counted };
  }

  get readingRules(): ReadingRules {
    const { transferWaitSec } = this.settings.rules;
    return { mobiles: this.mobiles, transferWaitMs: transferWaitSec * 1_000, callers: this.callers };
  }

  /** The fact as it is to be kept. */
  mark(fact: PbxFact): PbxFact {
    if (fact.k !== 'dial' && fact.k !== 'hangup') return fact;
    const [own] = this.parts.groups.byKey(`u:${fact.u}`);
    return markFollowing(fact, this.mobiles, (ext) => this.parts.live.isEngaged(ext, own?.callId ?? null));
  }

  /** A call was read: stores what follows for the CRMs. Answers when to read it again at the latest, null when never. */
  tell(group: PbxGroup, call: CallRecord | null, reading: CallReading | null): number | null {
    const { live, outbound } = this.parts;
    if (reading && !reading.ending) live.note(inCall(group.callId, reading));
    else live.over(group.callId);
    const families = this.families();
    this.counted[this.settings.version === 0 ? 'misses' : 'hits'] += 1;
    if (!call || families.length === 0) return null;
    const now = this.parts.now();
    const { direction, number: phone, trunk, callId } = call;
    const next = nextIntents(
      {
        callId,
        direction,
        phone,
        trunk,
        reading,
        bridged: group.legs !== null,
        recordingId: reading?.ending ? (this.parts.recordings.list(callId).at(-1)?.id ?? null) : null,
        recordUrl: recordUrlOf(group),
        doubtful: this.isDoubtful(group, reading),
        isBusy: (ext) => live.isTalking(ext, callId),
      },
      group.crm,
      this.settings.rules,
      now,
    );
    group.crm = next.told;
    const intents = next.intents.filter(
      // A hangup told again long after makes no second one.
      (intent) => intent.kind !== 'record' || this.parts.records.keep(intent.call.externalId, callId, now),
    );
    outbound.add(families, intents);
    return next.dueAt;
  }

  private families = (): string[] =>
    this.settings.links.flatMap(({ family, enabled }) => (enabled ? family : []));

  /** Somebody who is being called may be tried on his mobile: only the channels of that leg tell it from a call of his. */
  private isDoubtful(group: PbxGroup, reading: CallReading | null): boolean {
    const [caller] = reading?.rung ?? [];
    if (reading?.direction !== 'out' || caller === undefined || group.legs) return false;
    if (group.facts.some(({ k }) => k === 'join' || k === 'name')) return false;
    return this.parts.live.isEngaged(caller, group.callId);
  }

  private read(): Kept {
    const stored = this.parts.store.meta('crm');
    const settings = stored === null ? SWITCHED_OFF : (JSON.parse(stored) as Kept);
    const rules = { ...CRM_CALL_RULES, ...settings.rules };
    this.callers = new Map(Object.entries(rules.incomingTransform));
    this.mobiles = new Map(
      rules.mobiles.map((mobile) => [mobile.number.replace(/\D/g, ''), mobile.extension]),
    );
    return { ...settings, rules };
  }
}

function recordUrlOf({ facts }: PbxGroup): string | null {
  const told = facts.findLast((fact) => fact.k === 'hangup' && fact.record !== undefined);
  return told?.k === 'hangup' ? (told.record ?? null) : null;
}

export const inCall = (callId: string, { exts, talkers, answeredAt }: CallReading): InCall => ({
  callId,
  exts,
  talking: answeredAt === null ? null : (talkers.at(-1) ?? null),
});
