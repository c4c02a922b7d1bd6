/** Leads whose turn it is: due, and in zones whose window is open. */
import type { Book } from './book';
import { zonesIn, type Lead } from './lead-store';
import type { PaceInputs } from './pacing';
import { isOpen, nextOpening } from './windows';

/** Openings are looked for anew after this: clocks change. */
const OPENING_FRESH_MS = 3_600_000;

export class DueLeads {
  readonly #openings = new Map<string, { config: string; at: number | null; seen: number }>();

  constructor(
    private readonly book: Book,
    /** More than this are never asked for. */
    private readonly most: number,
  ) {}

  /** Leads that may be called now, the one whose turn it is first. */
  next(now: number, limit: number): Lead[] {
    return this.book.leads.due(this.openZones(now), now, limit);
  }

  /** How many leads wait, for what, and until when. */
  inputs(now: number): PaceInputs['leads'] {
    const { book } = this;
    const { total, byState } = book.leads.tally();
    const waiting = byState.waiting ?? 0;
    const open = new Set(this.openZones(now));
    const shut = book.leads.zones().filter(({ zone }) => !open.has(zone));
    const closed = shut.reduce((sum, { n }) => sum + n, 0);
    const openings = shut.map(({ zone }) => this.opening(zone, now)).filter((at) => at !== null);
    const due = book.leads.due([...open], now, 1).length;
    const later = due > 0 ? { count: 0, at: null } : book.leads.later(now);
    return {
      all: total,
      due: due === 0 ? 0 : book.leads.due([...open], now, this.most).length,
      closed,
      opensAt: openings.length === 0 ? null : Math.min(...openings),
      later: Math.max(0, Math.min(later.count, waiting - closed)),
      laterAt: later.at,
      waiting,
      inHand: (byState.offered ?? 0) + (byState.calling ?? 0) + (byState.wrap_up ?? 0),
    };
  }

  private openZones(now: number): string[] {
    const { book } = this;
    return book.leads
      .zones()
      .map(({ zone }) => zone)
      .filter((zone) => isOpen(book.config.windows, zonesIn(zone), now));
  }

  /** When a zone's window opens next; looked for once. */
  private opening(zone: string, now: number): number | null {
    const { windows } = this.book.config;
    const config = JSON.stringify(windows);
    const known = this.#openings.get(zone);
    if (
      known?.config === config &&
      now - known.seen < OPENING_FRESH_MS &&
      (known.at === null || known.at > now)
    )
      return known.at;
    const at = nextOpening(windows, zonesIn(zone), now);
    this.#openings.set(zone, { config, at, seen: now });
    return at;
  }
}
