import {
  CRM_CALL_RULES,
  type CrmCallRules,
  type CrmIntent,
  type CrmRecord,
} from '../../../objects/call-hub/crm/contract';
import { CrmDesk } from '../../../objects/call-hub/crm/desk';
import { LiveCalls } from '../../../objects/call-hub/crm/live-calls';
import { newCall, type CallRecord } from '../../../objects/call-hub/machine';
import type { PbxFact } from '../../../objects/call-hub/pbx/fields';
import type { PbxGroup } from '../../../objects/call-hub/pbx/groups';
import { groupDueAt, readGroup } from '../../../objects/call-hub/pbx/reading';
import { MemoryHub } from '../../sim/pbx/memory-index';
import type { PbxPost } from '../../sim/pbx/trace';

/** CallHub's telling of CRMs without its storage: for tests of the rules alone. */
export class MemoryDesk extends MemoryHub {
  readonly intents: CrmIntent[] = [];
  private readonly desk: CrmDesk;
  private readonly kept = new Set<string>();
  private readonly callOf = new Map<PbxGroup, CallRecord>();
  private readonly dues = new Map<PbxGroup, number>();
  private now = 0;

  constructor(rules: Partial<CrmCallRules> = {}) {
    super();
    const meta = new Map<string, string>();
    const live = new LiveCalls(() => []);
    this.desk = new CrmDesk({
      store: { meta: (key) => meta.get(key) ?? null, setMeta: (key, value) => void meta.set(key, value) },
      recordings: { list: () => [] },
      groups: this,
      live,
      records: {
        keep: (externalId) => this.kept.size !== this.kept.add(externalId).size,
      },
      outbound: {
        add: (_, intents) => void this.intents.push(...intents),
        keepOnly: () => undefined,
        reread: () => undefined,
      },
      now: () => this.now,
    });
    const links = [{ family: 'any', enabled: true }];
    this.desk.set({ version: 1, links, rules: { ...CRM_CALL_RULES, ...rules } });
    // From here on the copy of what is live is kept up.
    live.isEngaged('', null);
  }

  /** Takes the posts in this order, each at its own moment after `from`. */
  play(posts: readonly PbxPost[], from: number): this {
    for (const post of posts) {
      this.passTo(from + post.after);
      this.take(post, from + post.after);
    }
    return this;
  }

  /** `at`: when it reached us, `now`: when it is taken in. */
  override take(post: PbxPost, at: number, now = at): PbxGroup[] {
    this.now = Math.max(this.now, now);
    const groups = super.take(post, at);
    for (const group of groups) this.publish(group);
    return groups;
  }

  /** What is due is done at its own time, as the hub's alarm would. */
  override passTo(now: number): void {
    for (;;) {
      const next = [...this.dues].filter(([, due]) => due <= now).sort((a, b) => a[1] - b[1])[0];
      if (!next) break;
      const [group, at] = next;
      this.now = Math.max(this.now, at);
      const due = groupDueAt(group, readGroup(group, this.desk.readingRules));
      if (due !== null && due <= this.now) group.facts.push({ k: 'timeout', at: this.now });
      this.publish(group);
    }
    this.now = Math.max(this.now, now);
  }

  records = (): CrmRecord[] => this.intents.filter((intent) => intent.kind === 'record');

  protected override mark(fact: PbxFact): PbxFact {
    return this.desk.mark(fact);
  }

  private publish(group: PbxGroup): void {
    const reading = readGroup(group, this.desk.readingRules);
    const known = this.callOf.get(group);
    const call =
      reading?.direction == null
        ? known
        : {
            ...newCall(group.callId, 'pbx', reading.direction, reading.number, reading.startAt),
            trunk: reading.trunk,
          };
    if (call) this.callOf.set(group, call);
    const tellAt = group.published ? this.desk.tell(group, call ?? null, reading) : null;
    const due = groupDueAt(group, reading);
    const times = [due, tellAt].filter((at) => at !== null);
    if (times.length === 0) this.dues.delete(group);
    else this.dues.set(group, Math.min(...times));
  }
}
