import type { PassedOver, ProviderListener } from './contract';
import type { State } from '../lib/state';
import type { LinkStore } from './store';

/** A page of history is one piece of news and may be large. */
const AT_ONCE = 20;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

interface Waiting {
  failures: number;
  at: number;
}

/** Tells the tenant's Inbox what became of deliveries: rows, told in their order until the Inbox has stored them. */
export class NewsTeller {
  private running: Promise<void> | null = null;

  constructor(
    private readonly parts: {
      state: State;
      store: LinkStore;
      /** The Inbox and the provider the news are of. */
      listener(): { inbox: ProviderListener; provider: string };
      durable(): Promise<void>;
      /** What the Inbox could not store. */
      passedOver(passed: PassedOver): void;
    },
  ) {}

  /** Never throws: what could not be told is told by the alarm. */
  run(): Promise<void> {
    this.running ??= this.tell().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /** When the next attempt is due; null when there is no news. */
  nextWake(): number | null {
    if (!this.parts.store.hasNews) return null;
    return this.parts.state.read<Waiting | null>('news')?.at ?? 0;
  }

  private async tell(): Promise<void> {
    const { state, store, listener, durable, passedOver } = this.parts;
    const waiting = state.read<Waiting | null>('news') ?? null;
    if (waiting !== null && waiting.at > Date.now()) return;
    for (;;) {
      const untold = store.untold(AT_ONCE);
      const last = untold.at(-1);
      if (last === undefined) break;
      let passed: PassedOver | null;
      try {
        // What could still be lost here must not be known elsewhere.
        await durable();
        const { inbox, provider } = listener();
        passed = await inbox.takeProviderNews(
          provider,
          untold.map(({ news }) => news),
        );
      } catch (error) {
        const failures = (state.read<Waiting | null>('news')?.failures ?? 0) + 1;
        const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10));
        state.write('news', { failures, at: Date.now() + wait } satisfies Waiting);
        console.warn('an Inbox could not be told what its provider did:', error);
        return;
      }
      store.told(last.seq);
      if (passed !== null) passedOver(passed);
    }
    if (waiting !== null) state.write('news', null);
  }
}
