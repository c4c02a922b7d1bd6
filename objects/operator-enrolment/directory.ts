/** What an enrolment reads of D1, always inside its own tenant: nobody waits for it, and it is always the newest. */
import { and, asc, eq, gt, inArray, isNotNull, isNull } from 'drizzle-orm';
import { openDb, type Db } from '../../worker/db';
import {
  bridges,
  operators,
  operatorSettings,
  tenants,
  type OperatorSettingsData,
} from '../../worker/db/schema';
import type { OperatorRow } from '../lib/telephony/telephony';
import type { Include } from './contract';
import type { Candidate } from './store';

const PAGE = 2_000;

export class Directory {
  readonly db: Db;

  constructor(
    binding: D1Database,
    private readonly tenantId: string,
  ) {
    this.db = openDb(binding);
  }

  /** In the order of their ids. */
  async candidates(include: Include): Promise<Candidate[]> {
    const found: Candidate[] = [];
    let page: Candidate[];
    do {
      page = await this.db
        .select({
          uuid: operators.yandexUuid,
          login: operators.login,
          fullName: operators.fullName,
          extension: operators.extension,
        })
        .from(operators)
        .where(
          and(
            eq(operators.tenantId, this.tenantId),
            include === 'missing' ? eq(operators.inTelephony, false) : undefined,
            gt(operators.yandexUuid, found.at(-1)?.uuid ?? ''),
          ),
        )
        .orderBy(asc(operators.yandexUuid))
        .limit(PAGE);
      found.push(...page);
    } while (page.length === PAGE);
    return found;
  }

  /** The records as they are now; those that are gone are not in it. */
  async records(uuids: string[]): Promise<Map<string, OperatorRow>> {
    const rows = await this.db
      .select()
      .from(operators)
      .where(and(eq(operators.tenantId, this.tenantId), inArray(operators.yandexUuid, uuids)));
    return new Map(rows.map((row) => [row.yandexUuid, row]));
  }

  /** Null: the tenant is disabled. */
  async telephony(): Promise<{ settings: OperatorSettingsData; bridges: { id: string }[] } | null> {
    const [[tenant], known] = await this.db.batch([
      this.db
        .select({ disabledAt: tenants.disabledAt, settings: operatorSettings.settings })
        .from(tenants)
        .leftJoin(operatorSettings, eq(operatorSettings.tenantId, tenants.id))
        .where(eq(tenants.id, this.tenantId)),
      this.db
        .select({ id: bridges.id })
        .from(bridges)
        .where(
          and(eq(bridges.tenantId, this.tenantId), isNotNull(bridges.publicKey), isNull(bridges.revokedAt)),
        )
        .orderBy(asc(bridges.number)),
    ]);
    if (tenant === undefined || tenant.disabledAt !== null) return null;
    return { settings: tenant.settings ?? {}, bridges: known };
  }
}
