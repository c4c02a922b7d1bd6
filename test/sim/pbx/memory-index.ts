import { newCallId } from '../../../objects/lib/ids';
import { dueAt, readCall, type Reading } from '../../../objects/call-hub/pbx/posts';
import { pbxEventKey, readPbxEvent, type PbxFact } from '../../../objects/call-hub/pbx/fields';
import { linkFact, type GroupIndex, type PbxGroup } from '../../../objects/call-hub/pbx/groups';
import type { PbxPost } from './trace';

/** CallHub's reading of PBX posts without its storage: for tests of the rules alone. */
export class MemoryHub implements GroupIndex {
  private readonly keys = new Map<string, Set<PbxGroup>>();
  private readonly groups = new Set<PbxGroup>();
  private readonly seen = new Set<string>();
  private made = 0;

  take(post: PbxPost, at: number): PbxGroup[] {
    const key = pbxEventKey(post.event, post.body);
    if (this.seen.has(key)) return [];
    this.seen.add(key);
    const fact = readPbxEvent(post.event, post.body, at);
    if (!fact) return [];
    const groups = linkFact(this.mark(fact), this);
    for (const group of groups) group.published ||= readCall(group.facts) !== null;
    return groups;
  }

  protected mark(fact: PbxFact): PbxFact {
    return fact;
  }

  /** Lets time pass: what is due is closed as the hub's alarm would. */
  passTo(now: number): void {
    for (const group of this.groups) {
      const due = dueAt(group.facts, readCall(group.facts));
      if (due !== null && due <= now) group.facts.push({ k: 'timeout', at: now });
    }
  }

  /** What is known of each call, in the order they were first heard of. */
  calls(): Reading[] {
    return [...this.groups].flatMap((group) => readCall(group.facts) ?? []);
  }

  byKey(key: string): PbxGroup[] {
    return [...(this.keys.get(key) ?? [])];
  }

  /** Nothing is asked for here: these are calls as a dialplan tells of them. */
  started(): null {
    return null;
  }

  create(): PbxGroup {
    const group: PbxGroup = {
      callId: newCallId((this.made += 1), (bytes) => new Uint8Array(bytes)),
      published: false,
      startedAt: null,
      facts: [],
      legs: null,
      crm: null,
    };
    this.groups.add(group);
    return group;
  }

  merge(from: PbxGroup, into: PbxGroup): void {
    into.facts.push(...from.facts);
    for (const holders of this.keys.values()) if (holders.delete(from)) holders.add(into);
    this.groups.delete(from);
  }

  absorb(from: PbxGroup, into: PbxGroup): void {
    into.facts.push(...from.facts);
    from.facts = [];
    for (const holders of this.keys.values()) if (holders.delete(from)) holders.add(into);
  }

  addKeys(group: PbxGroup, keys: readonly string[]): void {
    for (const key of keys) {
      const holders = this.keys.get(key) ?? new Set();
      if (holders.size === 0 || !/^[ubl]:/.test(key)) holders.add(group);
      this.keys.set(key, holders);
    }
  }
}
