import type { LeadQuery, LeadViewer } from './contract';
import type { LeadStore, StoredLead } from './store';
import { matchOf } from '../lib/search-terms';

export type Found =
  | { ok: true; found: StoredLead[]; next: string | null }
  | { ok: false; code: 'unknown_status' | 'bad_cursor' };

type Bindings = (string | number)[];

/** One condition of a list with its values. */
interface Condition {
  sql: string;
  bindings: Bindings;
}

/** Where a list goes on: moments of the order and the key of the last lead. */
interface Position {
  at: number;
  seq: number;
}

const NOTHING: Found = { ok: true, found: [], next: null };

/**
 * Pages of leads. Every list walks along an index in its own order and stops when the page is full, so that a page
 * costs the same among a hundred leads and among a million.
 */
export class LeadSearch {
  constructor(private readonly store: LeadStore) {}

  list(query: LeadQuery): Found {
    const status = query.status === undefined ? null : this.store.statusId(query.status);
    if (query.status !== undefined && status === null) return { ok: false, code: 'unknown_status' };
    const after = query.cursor === undefined ? undefined : positionOf(query.cursor);
    if (after === null) return { ok: false, code: 'bad_cursor' };
    const asked = { ...query, status, after, limit: query.limit + 1 };
    if (query.deleted === true) return page(this.#deleted(asked), query.limit, deletedPosition);
    const owners = this.#owners(query.viewer, query.owner);
    if (owners !== null && owners.length === 0) return NOTHING;
    if (query.text !== undefined && query.text !== '')
      return page(this.#found(asked, owners), query.limit, createdPosition);
    // In the order of their next actions those that are due come first: nobody walks along all the others.
    return query.sort === 'next_action' || query.dueBefore !== undefined
      ? page(this.#byNextAction(asked, owners), query.limit, nextPosition)
      : page(this.#byCreation(asked, owners), query.limit, createdPosition);
  }

  /** Keys of the owners whose leads are asked for and may be seen; null: everybody's. */
  #owners(viewer: LeadViewer, owner: string | null | undefined): number[] | null {
    const isOwn = viewer.scope === 'own';
    if (owner === undefined && !isOwn) return null;
    const asked = owner === undefined ? [viewer.userId, null] : [owner];
    return asked
      .filter((one) => !isOwn || one === null || one === viewer.userId)
      .flatMap((one) => this.store.ownerId(one) ?? []);
  }

  #byCreation({ status, after, limit }: Asked, owners: number[] | null): StoredLead[] {
    const shared = [
      where('deleted_at IS NULL'),
      ...(status === null ? [] : [where('status = ?', status)]),
      ...(after === undefined ? [] : [where('seq < ?', after.seq)]),
    ];
    return this.#merged(shared, owners, 'seq DESC', limit);
  }

  #byNextAction({ status, after, limit, dueBefore }: Asked, owners: number[] | null): StoredLead[] {
    const shared = [
      where('deleted_at IS NULL AND next_at IS NOT NULL'),
      ...(status === null ? [] : [where('status = ?', status)]),
      ...(dueBefore === undefined ? [] : [where('next_at < ?', dueBefore)]),
      ...(after === undefined ? [] : [where('(next_at, seq) > (?, ?)', after.at, after.seq)]),
    ];
    return this.#merged(shared, owners, 'next_at, seq', limit);
  }

  /** One walk along the index of each owner, put together: an index has no order over two of its keys. */
  #merged(shared: Condition[], owners: number[] | null, order: string, limit: number): StoredLead[] {
    const ways = owners === null ? [shared] : owners.map((owner) => [where('owner = ?', owner), ...shared]);
    const parts = ways.map((conditions) => ({
      sql: `SELECT * FROM (SELECT * FROM leads WHERE ${textOf(conditions)} ORDER BY ${order} LIMIT ${limit})`,
      bindings: conditions.flatMap(({ bindings }) => bindings),
    }));
    return this.store.read(
      `${parts.map(({ sql }) => sql).join(' UNION ALL ')} ORDER BY ${order} LIMIT ${limit}`,
      ...parts.flatMap(({ bindings }) => bindings),
    );
  }

  #found(
    { status, after, limit, dueBefore, text, textNumber }: Asked,
    owners: number[] | null,
  ): StoredLead[] {
    const facets = [
      ...(status === null ? [] : [[`s${status}`]]),
      ...(owners === null ? [] : [owners.map((owner) => `o${owner}`)]),
    ];
    const match = matchOf(text ?? '', textNumber ?? null, facets);
    if (match === null) return [];
    const conditions = [
      where('finder MATCH ?', match),
      ...(after === undefined ? [] : [where('finder.rowid < CAST(? AS INTEGER)', after.seq)]),
      ...(dueBefore === undefined ? [] : [where('leads.next_at < ?', dueBefore)]),
    ];
    return this.store.read(
      `SELECT leads.* FROM finder CROSS JOIN leads ON leads.seq = finder.rowid
       WHERE ${textOf(conditions)} ORDER BY finder.rowid DESC LIMIT ${limit}`,
      ...conditions.flatMap(({ bindings }) => bindings),
    );
  }

  #deleted({ after, limit }: Asked): StoredLead[] {
    const conditions = [
      where('deleted_at IS NOT NULL'),
      ...(after === undefined ? [] : [where('(deleted_at, seq) < (?, ?)', after.at, after.seq)]),
    ];
    return this.store.read(
      `SELECT * FROM leads WHERE ${textOf(conditions)} ORDER BY deleted_at DESC, seq DESC LIMIT ${limit}`,
      ...conditions.flatMap(({ bindings }) => bindings),
    );
  }
}

type Asked = Omit<LeadQuery, 'status'> & { status: number | null; after: Position | undefined };

const where = (sql: string, ...bindings: Bindings): Condition => ({ sql, bindings });
const textOf = (conditions: readonly Condition[]): string => conditions.map(({ sql }) => sql).join(' AND ');

const createdPosition = ({ seq }: StoredLead): Position => ({ at: 0, seq });
const nextPosition = ({ seq, lead }: StoredLead): Position => ({ at: lead.nextAt ?? 0, seq });
const deletedPosition = ({ seq, lead }: StoredLead): Position => ({ at: lead.deletedAt ?? 0, seq });

/** `rows` has one more than `limit` where there are more. */
function page(rows: StoredLead[], limit: number, positionIn: (last: StoredLead) => Position): Found {
  const found = rows.slice(0, limit);
  const last = rows.length > limit ? found.at(-1) : undefined;
  if (last === undefined) return { ok: true, found, next: null };
  const { at, seq } = positionIn(last);
  return { ok: true, found, next: `${at}_${seq}` };
}

function positionOf(cursor: string): Position | null {
  const [, at, seq] = /^(\d{1,15})_(\d{1,15})$/.exec(cursor) ?? [];
  return at === undefined || seq === undefined ? null : { at: Number(at), seq: Number(seq) };
}
