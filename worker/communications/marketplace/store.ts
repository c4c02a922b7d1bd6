/** Apps, their versions and configurations in D1. Changes that depend on what was read are safe against others by unique numbers. */
import { and, asc, desc, eq, isNull, lt, or, sql } from 'drizzle-orm';
import type { ProviderContent } from '../../../objects/provider-link/contract';
import { openDb, type Db } from '../../db';
import { appVersions, providerApps, providerConfigurations } from '../../db/schema';
import type { Env } from '../../env';
import { ProblemError } from '../../http/problems';

export type AppRow = typeof providerApps.$inferSelect;
export type VersionRow = typeof appVersions.$inferSelect;
export type ConfigurationRow = typeof providerConfigurations.$inferSelect;

export const dbOf = (env: Env): Db => openDb(env.DB);

export const notFound = (what: string): ProblemError => new ProblemError('not_found', `No such ${what}.`);

export async function findApp(db: Db, appCode: string): Promise<AppRow | null> {
  const [row] = await db.select().from(providerApps).where(eq(providerApps.appCode, appCode));
  return row ?? null;
}

/** @throws ProblemError not_found */
export async function knownApp(db: Db, appCode: string): Promise<AppRow> {
  const app = await findApp(db, appCode);
  if (app === null) throw notFound('app');
  return app;
}

/** The newest version, or the one asked for. @throws ProblemError not_found */
export async function knownVersion(db: Db, appCode: string, version?: string): Promise<VersionRow> {
  const [row] = await db
    .select()
    .from(appVersions)
    .where(
      and(
        eq(appVersions.appCode, appCode),
        version === undefined ? undefined : eq(appVersions.version, version),
      ),
    )
    .orderBy(desc(appVersions.number))
    .limit(1);
  if (row === undefined) throw notFound('app version');
  return row;
}

/** All that was uploaded for an app version and not removed, oldest first; removed ones too where asked. */
export async function configurationsOf(
  db: Db,
  appCode: string,
  appVersion: string,
  removed = false,
): Promise<ConfigurationRow[]> {
  return db
    .select()
    .from(providerConfigurations)
    .where(
      and(
        eq(providerConfigurations.appCode, appCode),
        eq(providerConfigurations.appVersion, appVersion),
        removed ? undefined : isNull(providerConfigurations.removedAt),
      ),
    )
    .orderBy(asc(providerConfigurations.number));
}

/** Newest first, behind `at` (when made, id); what is removed is not among them. */
export async function pageOfConfigurations(
  db: Db,
  query: {
    appCode: string;
    appVersion?: string | undefined;
    configurationVersion?: string | undefined;
    at: readonly [number, string] | null;
    limit: number;
  },
): Promise<{ rows: ConfigurationRow[]; more: boolean }> {
  const { appCode, appVersion, configurationVersion, at, limit } = query;
  const table = providerConfigurations;
  const rows = await db
    .select()
    .from(table)
    .where(
      and(
        eq(table.appCode, appCode),
        isNull(table.removedAt),
        appVersion === undefined ? undefined : eq(table.appVersion, appVersion),
        configurationVersion === undefined ? undefined : eq(table.configurationVersion, configurationVersion),
        at === null
          ? undefined
          : or(lt(table.createdAt, at[0]), and(eq(table.createdAt, at[0]), lt(table.id, at[1]))),
      ),
    )
    .orderBy(desc(table.createdAt), desc(table.id))
    .limit(limit + 1);
  return { rows: rows.slice(0, limit), more: rows.length > limit };
}

export async function activeConfiguration(
  db: Db,
  appCode: string,
  appVersion: string,
): Promise<ConfigurationRow | null> {
  const [row] = await db
    .select()
    .from(providerConfigurations)
    .where(
      and(
        eq(providerConfigurations.appCode, appCode),
        eq(providerConfigurations.appVersion, appVersion),
        eq(providerConfigurations.active, true),
      ),
    );
  return row ?? null;
}

/** Two changes at once: the later one finds the number taken. */
async function unlessTaken<T>(change: Promise<T>, problem: ProblemError): Promise<T> {
  try {
    return await change;
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    if (/UNIQUE constraint failed/i.test(`${cause} ${String(error)}`)) throw problem;
    throw error;
  }
}

const raced = (): ProblemError =>
  new ProblemError('conflict', 'Somebody else changed the same thing at the same time: try again.');

/**
 * Adds a version of an app. It starts with the active configuration of the version before it, as a copy of its own.
 *
 * @throws ProblemError already_exists, conflict
 */
export async function addVersion(
  env: Env,
  appCode: string,
  version: string,
  now: number,
): Promise<{ inherited: string | null }> {
  const db = dbOf(env);
  const known = await db
    .select()
    .from(appVersions)
    .where(eq(appVersions.appCode, appCode))
    .orderBy(desc(appVersions.number));
  if (known.some((row) => row.version === version))
    throw new ProblemError('already_exists', `Version ${version} of this app is known already.`);
  const [before] = known;
  const inherited = before === undefined ? null : await activeConfiguration(db, appCode, before.version);
  const row = { appCode, version, number: (before?.number ?? 0) + 1, createdAt: now };
  const insert = db.insert(appVersions).values(row);
  if (inherited === null) await unlessTaken(insert.run(), raced());
  else
    await unlessTaken(
      db.batch([
        insert,
        db.insert(providerConfigurations).values({
          ...inherited,
          id: crypto.randomUUID(),
          appVersion: version,
          number: 1,
          inheritedFrom: inherited.id,
          createdAt: now,
        }),
      ]),
      raced(),
    );
  return { inherited: inherited?.configurationVersion ?? null };
}

/** Turns the scope on from this version; nothing when it is on already. */
export async function turnScopeOn(db: Db, appCode: string, version: string, now: number): Promise<void> {
  await db
    .update(providerApps)
    .set({ scopeSince: version, updatedAt: now })
    .where(and(eq(providerApps.appCode, appCode), isNull(providerApps.scopeSince)));
}

/**
 * Stores an uploaded configuration: it becomes active and every earlier one of its app version inactive, in one step.
 *
 * @throws ProblemError conflict
 */
export async function activate(
  env: Env,
  row: Omit<ConfigurationRow, 'id' | 'active' | 'inheritedFrom' | 'removedAt' | 'content'> & {
    content: ProviderContent;
  },
): Promise<ConfigurationRow> {
  const db = dbOf(env);
  const stored: ConfigurationRow = {
    ...row,
    content: { ...row.content },
    id: crypto.randomUUID(),
    active: true,
    inheritedFrom: null,
    removedAt: null,
  };
  await unlessTaken(
    db.batch([
      db
        .update(providerConfigurations)
        .set({ active: false })
        .where(
          and(
            eq(providerConfigurations.appCode, row.appCode),
            eq(providerConfigurations.appVersion, row.appVersion),
            eq(providerConfigurations.active, true),
          ),
        ),
      db.insert(providerConfigurations).values(stored),
    ]),
    raced(),
  );
  return stored;
}

/** Publishes a version unless it is: the first time counts. */
export async function publish(db: Db, { appCode, version }: VersionRow, now: number): Promise<number> {
  const [row] = await db
    .update(appVersions)
    .set({ publishedAt: sql`coalesce(${appVersions.publishedAt}, ${now})` })
    .where(and(eq(appVersions.appCode, appCode), eq(appVersions.version, version)))
    .returning({ at: appVersions.publishedAt });
  return row?.at ?? now;
}
