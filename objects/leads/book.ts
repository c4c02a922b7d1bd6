import type {
  AddLeadInput,
  BulkInput,
  BulkResult,
  ChangeLeadInput,
  LeadFields,
  LeadIdInput,
  LeadRefusal,
  LeadResult,
  LeadViewer,
  LookupResult,
} from './contract';
import type { LeadHistory } from './history';
import { difference, EMPTY, mayHandOver, mergeOf, sees } from './machine';
import type { Statuses } from './statuses';
import type { LeadStore, Origin, StoredLead } from './store';

const NOT_FOUND: LeadRefusal = { ok: false, code: 'not_found' };

/** What people do to leads. Each change runs inside the caller's transaction. */
export class LeadBook {
  constructor(
    private readonly store: LeadStore,
    private readonly history: LeadHistory,
    private readonly statuses: Statuses,
  ) {}

  /** A lead that the viewer may see; deleted ones only for who manages. */
  seen(id: string, viewer: LeadViewer): StoredLead | null {
    const found = this.store.byId(id);
    if (found === null || !sees(viewer, found.lead.owner)) return null;
    return found.lead.deletedAt === null || viewer.manages ? found : null;
  }

  lookup(number: string, viewer: LeadViewer): LookupResult {
    const found = this.store.byNumber(number);
    if (found === null) return { lead: null, heldBy: null };
    const isSeen = sees(viewer, found.lead.owner);
    return isSeen ? { lead: found.lead, heldBy: null } : { lead: null, heldBy: found.lead.owner };
  }

  add({ lead, onDuplicate, viewer, now }: AddLeadInput): LeadResult {
    const known = this.store.byNumber(lead.number);
    const origin = { by: viewer.userId, importId: null, now };
    if (known !== null) {
      if (onDuplicate === 'refuse' || !sees(viewer, known.lead.owner)) return duplicate(known, viewer);
      return this.#apply(known, mergeOf(known.lead, lead, onDuplicate), viewer, origin, 'merged');
    }
    // Whoever may not give leads away keeps the ones they make.
    const owner = lead.owner ?? (viewer.manages || lead.owner === null ? null : viewer.userId);
    const fields: LeadFields = { ...EMPTY, ...lead, owner, status: lead.status ?? this.statuses.first() };
    const refusal = this.#refusal(viewer, null, fields);
    if (refusal !== null) return refusal;
    if (fields.nextAt === null) fields.nextText = null;
    return { ok: true, lead: this.store.insert(fields, origin), before: null, after: fields };
  }

  change({ id, change, viewer, now }: ChangeLeadInput): LeadResult {
    const found = this.#live(id, viewer);
    if (found === null) return NOT_FOUND;
    return this.#apply(found, change, viewer, { by: viewer.userId, importId: null, now }, 'changed');
  }

  remove({ id, viewer, now }: LeadIdInput): LeadResult {
    const found = this.#live(id, viewer);
    if (found === null) return NOT_FOUND;
    const lead = this.store.setDeleted(found, now, now);
    this.history.add(found.seq, 'deleted', NO_CHANGE, { by: viewer.userId, importId: null, now });
    return { ok: true, lead, before: {}, after: {} };
  }

  restore({ id, viewer, now }: LeadIdInput): LeadResult {
    const found = this.seen(id, viewer);
    if (found === null) return NOT_FOUND;
    // Asked again it has been done already.
    if (found.lead.deletedAt === null) return { ok: true, lead: found.lead, before: {}, after: {} };
    const holder = this.store.byNumber(found.lead.number);
    if (holder !== null) return duplicate(holder, viewer);
    const lead = this.store.setDeleted(found, null, now);
    this.history.add(found.seq, 'restored', NO_CHANGE, { by: viewer.userId, importId: null, now });
    return { ok: true, lead, before: {}, after: {} };
  }

  /** All of them or none: what would be refused is looked for before anything is changed. */
  bulk({ ids, change, viewer, now }: BulkInput): BulkResult {
    const live = ids.filter((id) => this.#live(id, viewer) !== null);
    if (change !== 'delete') {
      for (const id of live) {
        const refusal = this.#refusal(viewer, this.#live(id, viewer)?.lead ?? null, change);
        if (refusal?.code === 'unknown_status' || refusal?.code === 'not_yours')
          return { ok: false, code: refusal.code };
      }
    }
    const changed = live.filter((id) => {
      const input = { id, viewer, now };
      const result = change === 'delete' ? this.remove(input) : this.change({ ...input, change });
      return result.ok && (change === 'delete' || Object.keys(result.after).length > 0);
    });
    return { ok: true, changed };
  }

  #live(id: string, viewer: LeadViewer): StoredLead | null {
    const found = this.seen(id, viewer);
    return found?.lead.deletedAt === null ? found : null;
  }

  #apply(
    found: StoredLead,
    change: Partial<LeadFields>,
    viewer: LeadViewer,
    origin: Origin,
    kind: 'changed' | 'merged',
  ): LeadResult {
    const differs = difference(found.lead, change);
    if (differs === null) return { ok: true, lead: found.lead, before: {}, after: {} };
    const refusal = this.#refusal(viewer, found.lead, differs.after);
    if (refusal !== null) return refusal;
    if (differs.after.number !== undefined) {
      const holder = this.store.byNumber(differs.after.number);
      if (holder !== null) return duplicate(holder, viewer);
    }
    const lead = this.store.update(found, differs.after, origin.now);
    this.history.add(found.seq, kind, differs, origin);
    return { ok: true, lead, ...differs };
  }

  #refusal(
    viewer: LeadViewer,
    before: LeadFields | null,
    { status, owner }: Partial<LeadFields>,
  ): LeadRefusal | null {
    if (status !== undefined && !this.statuses.isOpenToPick(status))
      return { ok: false, code: 'unknown_status' };
    const from = before?.owner ?? null;
    if (owner !== undefined && !mayHandOver(viewer, from, owner)) return { ok: false, code: 'not_yours' };
    return null;
  }
}

const NO_CHANGE = { before: {}, after: {} };

function duplicate({ lead }: StoredLead, viewer: LeadViewer): LeadRefusal {
  const leadId = sees(viewer, lead.owner) ? lead.id : null;
  return { ok: false, code: 'duplicate', leadId, owner: lead.owner };
}
