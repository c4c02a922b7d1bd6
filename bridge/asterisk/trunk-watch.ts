/** Keeps the state of a PBX's trunks: looks when Asterisk says something changed, and now and then. */
import type { PbxConfig } from '../config.ts';
import type { Logger } from '../part.ts';
import type { TrunkView } from '../protocol/pbx.ts';
import type { AmiMessage } from './ami/message.ts';
import type { Cli } from './cli.ts';
import { parseEndpoints } from './parsers/endpoints.ts';
import { parseRegistrations } from './parsers/registrations.ts';
import { trunkState } from './trunks.ts';

/** Events tell of most changes at once; this finds the others. */
const LOOK_EVERY_MS = 30_000;
/** A change is told by several events, and the registration's own word follows them. */
const SETTLE_MS = 150;
/** A trunk that wavers does not make us ask all the time. */
const LEAST_BETWEEN_MS = 2_000;

const UNSEEN = 'not looked at yet';

interface Options {
  pbx: Pick<PbxConfig, 'name' | 'trunks'>;
  cli: Cli;
  log: Logger;
  now(): number;
  changed(trunk: TrunkView): void;
}

export class TrunkWatch {
  readonly #options: Options;
  readonly #views = new Map<string, TrunkView>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #again = false;
  #soon: NodeJS.Timeout | null = null;
  #lookedAt = -Infinity;

  constructor(options: Options) {
    this.#options = options;
    const { pbx, now } = options;
    for (const { name, registers } of pbx.trunks) {
      this.#views.set(name, {
        pbx: pbx.name,
        name,
        state: 'DOWN',
        reason: UNSEEN,
        registration: registers ? 'none' : null,
        endpoint: null,
        failed: 0,
        last_check: now(),
      });
    }
  }

  get views(): TrunkView[] {
    return [...this.#views.values()];
  }

  /** Those that were looked at: before, there is nothing to tell. */
  get known(): TrunkView[] {
    return this.views.filter(({ reason }) => reason !== UNSEEN);
  }

  start(): void {
    if (this.#views.size === 0) return;
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    if (this.#soon) clearTimeout(this.#soon);
    this.#timer = null;
    this.#soon = null;
  }

  /** Looks soon if an event says that a trunk's state may be another one. */
  hear(event: AmiMessage): void {
    if (!this.#timer || this.#soon || !this.#concerned(event)) return;
    const wait = Math.max(SETTLE_MS, this.#lookedAt + LEAST_BETWEEN_MS - performance.now());
    this.#soon = setTimeout(() => {
      this.#soon = null;
      this.look();
    }, wait);
  }

  #concerned(event: AmiMessage): boolean {
    switch (event.Event) {
      case 'Registry':
      case 'Reload':
        return true;
      case 'ContactStatus':
        return this.#views.has(event.EndpointName ?? '') || this.#views.has(event.AOR ?? '');
      case 'PeerStatus':
        return this.#views.has((event.Peer ?? '').replace(/^PJSIP\//, ''));
      case 'DeviceStateChange': {
        // Told with each call over it as well: only whether it can be reached is of interest.
        const view = this.#views.get((event.Device ?? '').replace(/^PJSIP\//, ''));
        return view !== undefined && (event.State === 'UNAVAILABLE' || view.endpoint === 'Unavailable');
      }
      default:
        return false;
    }
  }

  failed(trunk: string): void {
    const view = this.#views.get(trunk);
    if (view) this.#tell({ ...view, failed: view.failed + 1 });
  }

  /** The PBX can't be reached: nothing is known of its trunks, and no call goes out. */
  unreachable(why: string): void {
    for (const view of this.views) {
      this.#tell({
        ...view,
        state: 'DOWN',
        reason: `the PBX can't be reached: ${why}`.slice(0, 500),
        endpoint: null,
      });
    }
  }

  /** Looks now; one look at a time, and one more if asked meanwhile. */
  look(): void {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = this.#look()
      .catch((error: unknown) => {
        this.#options.log.warn('trunks could not be looked at', {
          error: error instanceof Error ? error.message : error,
        });
      })
      .finally(() => {
        this.#looking = null;
        if (!this.#again) return;
        this.#again = false;
        this.look();
      });
  }

  /** Looks and answers what is found. */
  async fresh(signal?: AbortSignal): Promise<TrunkView[]> {
    await this.#look(signal);
    return this.views;
  }

  async #look(signal?: AbortSignal): Promise<void> {
    if (this.#views.size === 0) return;
    this.#lookedAt = performance.now();
    const { pbx, cli, now } = this.#options;
    const registrations = parseRegistrations(await cli.run(['pjsip', 'show', 'registrations'], signal));
    const endpoints = parseEndpoints(await cli.run(['pjsip', 'show', 'endpoints'], signal));
    for (const trunk of pbx.trunks) {
      const view = this.#views.get(trunk.name);
      if (view) this.#tell({ ...view, ...trunkState(trunk, endpoints, registrations), last_check: now() });
    }
  }

  #tell(view: TrunkView): void {
    const before = this.#views.get(view.name);
    this.#views.set(view.name, view);
    const same = (['state', 'reason', 'registration', 'failed'] as const).every(
      (field) => before?.[field] === view[field],
    );
    if (!same) this.#options.changed(view);
  }
}
