import type { Env } from '../../worker/env';
import type { State } from '../lib/state';
import { readConfig } from './config';
import type { LinkConfig } from './contract';

/** The copy is read anew this often while the link is in use; a change is told at once, this mends a lost word. */
const FRESH_MS = 60_000;
/** Whether D1 is away or nothing changed: not asked again sooner. */
const RETRY_MS = 10_000;

interface Kept {
  config: LinkConfig;
  readAt: number;
}

/** The object's copy of its configuration, and whose it is. */
export class ConfigCopy {
  private loading: Promise<LinkConfig> | null = null;
  private triedAt = -Infinity;

  constructor(
    private readonly state: State,
    private readonly env: Env,
    /** Keeps a copy that was read (`keep`) and does what follows from it, in one transaction. */
    private readonly onRead: (config: LinkConfig, keep: () => void) => void,
  ) {}

  /** Remembered because an alarm may find the object without its name. */
  named(name: string): void {
    if (this.state.read('name') === undefined) this.state.write('name', name);
  }

  get tenantId(): string {
    return this.name()[0];
  }

  get provider(): string {
    return this.name()[1];
  }

  private name(): [string, string] {
    const name = this.state.read<string>('name') ?? '';
    const colon = name.indexOf(':');
    return [name.slice(0, colon), name.slice(colon + 1)];
  }

  get kept(): LinkConfig | null {
    return this.state.read<Kept>('config')?.config ?? null;
  }

  /** The copy, read when there is none; an old one serves on while it is read anew. */
  async current(): Promise<LinkConfig> {
    const kept = this.state.read<Kept>('config');
    if (kept === undefined) return this.load();
    const now = Date.now();
    if (kept.readAt + FRESH_MS < now && this.triedAt + RETRY_MS < now) {
      this.triedAt = now;
      this.load().catch((error: unknown) =>
        console.warn('a provider link goes on by its old configuration:', error),
      );
    }
    return kept.config;
  }

  /** Reads it from D1 now; whoever asks while one is under way gets one that began after it. */
  async load(): Promise<LinkConfig> {
    const before = this.loading;
    const mine = (async () => {
      await before?.catch(() => undefined);
      const config = await readConfig(this.env, this.tenantId, this.provider);
      this.onRead(config, () => this.state.write('config', { config, readAt: Date.now() } satisfies Kept));
      return config;
    })();
    this.loading = mine;
    return mine;
  }
}
