/** The guide's copy of its configuration: D1 has the truth, callers are guided by the copy. */
import { eq } from 'drizzle-orm';
import { openDb } from '../../worker/db';
import { callerGuides, crmRules, extensions } from '../../worker/db/schema';
import type { Env } from '../../worker/env';
import type { CrmCallRules } from '../call-hub/crm/contract';
import { readSettings, type GuideSettings } from './contract';
import type { GuideConfig } from './machine';
import type { GuideStore } from './store';

/** A change is told at once; this mends a lost word. */
const FRESH_MS = 60_000;

interface Kept {
  settings: GuideSettings;
  extensions: string[];
  /** Absent in what an older version stored. */
  callers?: Record<string, string>;
  readAt: number;
}

export class GuideCopy {
  private kept: Kept | undefined;
  private triedAt = -Infinity;
  private loading: Promise<void> | null = null;

  constructor(
    private readonly store: GuideStore,
    private readonly env: Env,
    private readonly tenantId: () => string,
    private readonly later: (work: Promise<unknown>) => void,
  ) {}

  /** The copy, read when there is none; an old one serves on while it is read anew. */
  async current(): Promise<GuideConfig> {
    this.kept ??= this.stored();
    if (this.kept === undefined) await this.load();
    else if (Math.max(this.kept.readAt, this.triedAt) + FRESH_MS < Date.now()) {
      this.triedAt = Date.now();
      this.later(
        this.load().catch((error: unknown) =>
          console.warn('a caller guide goes on by its old settings:', error),
        ),
      );
    }
    const { kept } = this;
    if (kept === undefined) throw new Error('the settings of the caller guide were not read');
    return {
      settings: kept.settings,
      extensions: new Set(kept.extensions),
      callers: new Map(Object.entries(kept.callers ?? {})),
    };
  }

  /** As it was stored, by whichever version. */
  private stored(): Kept | undefined {
    const kept = this.store.read<Kept>('config');
    return kept && { ...kept, settings: readSettings({ ...kept.settings }) };
  }

  /** Reads it from D1 now; several at once ask once more than the last change. */
  load(): Promise<void> {
    const before = this.loading;
    const mine = (async () => {
      await before?.catch(() => undefined);
      const db = openDb(this.env.DB);
      const tenantId = this.tenantId();
      const [rows, numbers, rules] = await db.batch([
        db.select().from(callerGuides).where(eq(callerGuides.tenantId, tenantId)),
        db.select({ number: extensions.number }).from(extensions).where(eq(extensions.tenantId, tenantId)),
        db.select({ rules: crmRules.rules }).from(crmRules).where(eq(crmRules.tenantId, tenantId)),
      ]);
      const { incomingTransform } = { ...(rules[0]?.rules as Partial<CrmCallRules> | undefined) };
      this.kept = {
        settings: readSettings(rows[0]?.settings ?? {}),
        extensions: numbers.map(({ number }) => number),
        ...(incomingTransform !== undefined && { callers: incomingTransform }),
        readAt: Date.now(),
      };
      this.store.write('config', this.kept);
    })();
    this.loading = mine;
    return mine;
  }
}
