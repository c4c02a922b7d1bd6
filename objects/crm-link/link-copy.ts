import type { Env } from '../../worker/env';
import { openLink, readConfig, type LinkConfig } from './config';
import type { LinkCounters } from './contract';
import { familyOf } from './families';
import type { CrmFamily, FamilyLink } from './families/family';
import type { State } from './state';

/** The copy is read anew this often while the link is in use; a change is told at once, this mends a lost word. */
const FRESH_MS = 120_000;
/** Whether D1 is away or the configuration is as it was: not asked again sooner. */
const RETRY_MS = 10_000;

interface Kept {
  config: LinkConfig | null;
  readAt: number;
}

export const NO_COUNTERS: LinkCounters = {
  delivered: 0,
  duplicates: 0,
  skipped: 0,
  failed: 0,
  dead: 0,
  dbReads: 0,
  dbWrites: 0,
  cacheHits: 0,
  cacheMisses: 0,
  cacheRefreshes: 0,
};

/** The object's copy of its configuration, and whose it is. */
export class LinkCopy {
  private opened: { config: LinkConfig; link: FamilyLink } | null = null;
  private loading: Promise<LinkConfig | null> | null = null;
  private triedAt = -Infinity;

  constructor(
    private readonly state: State,
    private readonly env: Env,
  ) {}

  /** Remembered because an alarm may find the object without its name. */
  named(name: string): void {
    if (this.state.read('name') === undefined) this.state.write('name', name);
  }

  get tenantId(): string {
    return this.name()[0];
  }

  /** @throws for a name no family has: only `getByName` with a known one reaches an object */
  get family(): CrmFamily {
    const family = familyOf(this.name()[1]);
    if (family === null) throw new Error('no such family of CRMs');
    return family;
  }

  private name(): [string, string] {
    const [tenantId = '', family = ''] = (this.state.read<string>('name') ?? '').split(':');
    return [tenantId, family];
  }

  /** The copy, read when there is none; an old one serves on while it is read anew. */
  async current(): Promise<LinkConfig | null> {
    const kept = this.state.read<Kept>('config');
    if (kept === undefined) {
      this.count({ cacheMisses: 1 });
      return this.load();
    }
    this.count({ cacheHits: 1 });
    const now = Date.now();
    if (kept.readAt + FRESH_MS < now && this.triedAt + RETRY_MS < now) {
      this.triedAt = now;
      this.load().catch((error: unknown) =>
        console.warn('a CRM link goes on by its old configuration:', error),
      );
    }
    return kept.config;
  }

  /** Reads it from D1 now; several at once ask once more than the last change. */
  async load(): Promise<LinkConfig | null> {
    const before = this.loading;
    const mine = (async () => {
      await before?.catch(() => undefined);
      const config = await readConfig(this.env, this.tenantId, this.name()[1]);
      this.state.write('config', { config, readAt: Date.now() } satisfies Kept);
      this.count({ dbReads: 1, cacheRefreshes: 1 });
      return config;
    })();
    this.loading = mine;
    return mine;
  }

  get readAt(): number | null {
    return this.state.read<Kept>('config')?.readAt ?? null;
  }

  /** The link with its secret open; null where none is configured. */
  link(): FamilyLink | null {
    const config = this.state.read<Kept>('config')?.config ?? null;
    if (config === null) return null;
    if (this.opened?.config !== config)
      this.opened = { config, link: openLink(this.env, this.tenantId, this.name()[1], config) };
    return this.opened.link;
  }

  /** What no log may show. */
  secrets(): string[] {
    try {
      const link = this.link();
      return link === null ? [] : [link.secret];
    } catch {
      return [];
    }
  }

  get enabled(): boolean {
    return this.state.read<Kept>('config')?.config?.enabled === true;
  }

  counters(): LinkCounters {
    return { ...NO_COUNTERS, ...this.state.read<LinkCounters>('counters') };
  }

  count(more: Partial<LinkCounters>): void {
    const counters = this.counters();
    for (const [name, value] of Object.entries(more)) counters[name as keyof LinkCounters] += value;
    this.state.write('counters', counters);
  }
}
