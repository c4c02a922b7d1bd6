import { and, asc, eq, isNotNull, isNull } from 'drizzle-orm';
import { openDb } from '../../worker/db';
import { bridges, pipelines, tenants } from '../../worker/db/schema';
import { StoredSpec } from './spec';

export interface Definition extends StoredSpec {
  id: string;
  name: string;
  branch: string;
  updatedBy: string;
}

export interface BridgeRow {
  id: string;
  name: string;
}

/** What the object reads of D1, always inside its own tenant: when a run starts, and when a step looks for its bridge. */
export class Directory {
  readonly #db;

  constructor(
    binding: D1Database,
    private readonly tenantId: string,
  ) {
    this.#db = openDb(binding);
  }

  /** Null: no such pipeline, or one of an older form that is valid no more. */
  async definition(id: string): Promise<Definition | null> {
    const [row] = await this.#db
      .select()
      .from(pipelines)
      .where(and(eq(pipelines.tenantId, this.tenantId), eq(pipelines.id, id)));
    return row === undefined ? null : readRow(row);
  }

  async definitions(): Promise<Definition[]> {
    const rows = await this.#db.select().from(pipelines).where(eq(pipelines.tenantId, this.tenantId));
    return rows.map(readRow).filter((definition) => definition !== null);
  }

  async timeZone(): Promise<string> {
    const row = await this.#db.query.tenants.findFirst({ where: eq(tenants.id, this.tenantId) });
    return row?.timeZone ?? 'UTC';
  }

  /** Enrolled and not revoked, by number. */
  bridges(): Promise<BridgeRow[]> {
    return this.#db
      .select({ id: bridges.id, name: bridges.name })
      .from(bridges)
      .where(
        and(eq(bridges.tenantId, this.tenantId), isNotNull(bridges.publicKey), isNull(bridges.revokedAt)),
      )
      .orderBy(asc(bridges.number));
  }
}

function readRow(row: typeof pipelines.$inferSelect): Definition | null {
  const spec = StoredSpec.safeParse(row.spec);
  if (!spec.success) return null;
  return { ...spec.data, id: row.id, name: row.name, branch: row.branch, updatedBy: row.updatedBy };
}
