/** Answers within the time a caller can be let wait, and counts how that goes. */
import { untilAborted } from '../lib/until-aborted';
import { Lookups } from './cache';
import type { Advice, GuideMetrics, Question } from './contract';
import type { Finder, Found } from './finder';
import { FOUND_MS, NO_ADVICE, NOTHING_MS, percentile, searchFor, type GuideConfig } from './machine';
import type { GuideStore } from './store';

/** Latencies the percentiles are of. */
const SAMPLES = 500;
/** Whoever asked for no advice in this time has a dialplan that does not: nothing is looked up for it beforehand. */
const ASKS_MS = 24 * 3_600_000;
/** Written down this often, not with each call. */
const NOTED_MS = 3_600_000;

interface Counters {
  requests: number;
  cacheHits: number;
  dialPlans: number;
  errors: number;
}

const NO_COUNTERS: Counters = { requests: 0, cacheHits: 0, dialPlans: 0, errors: 0 };

interface DeskParts {
  store: Pick<GuideStore, 'read' | 'write'>;
  config(): Promise<GuideConfig>;
  finder: Pick<Finder, 'find' | 'forget' | 'customer'>;
  now(): number;
  /** Goes on when the answer has been given. */
  later(work: Promise<unknown>): void;
}

export class GuideDesk {
  private readonly answers: Lookups<Found>;
  private readonly latencies: number[] = [];
  private counters: Counters;
  private askedAt: number;

  constructor(private readonly parts: DeskParts) {
    this.counters = { ...NO_COUNTERS, ...parts.store.read<Counters>('counters') };
    this.askedAt = parts.store.read<number>('asked') ?? -Infinity;
    this.answers = new Lookups<Found>(
      ({ whole, advice }) => (!whole ? 0 : advice.source === 'none' ? NOTHING_MS : FOUND_MS),
      () => parts.now(),
    );
  }

  /** What was found by settings that count no more. */
  forget(): void {
    this.answers.forget();
    this.parts.finder.forget();
  }

  /** Ends by the signal: then nothing is advised, and what is being looked up is ready for the next who asks. */
  async advise(question: Question, signal: AbortSignal): Promise<Advice> {
    const began = this.parts.now();
    this.noteAsked(began);
    const known = this.answers.known(keyOf(question));
    const looking = known === undefined ? this.look(question) : Promise.resolve(known);
    this.parts.later(looking.catch(() => undefined));
    let found: Found | null = null;
    try {
      found = await untilAborted(looking, signal);
    } catch (error) {
      console.warn('caller guide: no advice', error);
    }
    const advice = found?.advice ?? NO_ADVICE;
    this.count(this.parts.now() - began, {
      requests: 1,
      cacheHits: known === undefined ? 0 : 1,
      dialPlans: advice.dialPlan === null ? 0 : 1,
      errors: found?.whole === true ? 0 : 1,
    });
    return known !== undefined && advice.source !== 'none' ? { ...advice, source: 'cache' } : advice;
  }

  /** Looked up to its end; several who ask for the same wait for the same. */
  private async look(question: Question): Promise<Found> {
    return this.answers.get(keyOf(question), async () => {
      const config = await this.parts.config();
      const search = searchFor(question, config);
      return search === null
        ? { advice: NO_ADVICE, whole: true }
        : await this.parts.finder.find(search, config);
    });
  }

  /** A call begins: what its dialplan will ask in a moment is looked up now. False: it does not ask. */
  async prefetch(question: Question): Promise<boolean> {
    if (this.askedAt + ASKS_MS <= this.parts.now()) return false;
    await this.look(question);
    return true;
  }

  metrics(): GuideMetrics {
    const { requests, cacheHits, dialPlans, errors } = this.counters;
    return {
      requests_total: requests,
      cache_hits: cacheHits,
      dialplan_computed: dialPlans,
      errors_total: errors,
      latency_p50_ms: percentile(this.latencies, 0.5),
      latency_p95_ms: percentile(this.latencies, 0.95),
      error_rate: requests === 0 ? 0 : errors / requests,
      samples: this.latencies.length,
    };
  }

  private noteAsked(now: number): void {
    if (this.askedAt + NOTED_MS > now) return;
    this.askedAt = now;
    this.parts.store.write('asked', now);
  }

  private count(latency: number, more: Counters): void {
    this.latencies.push(latency);
    if (this.latencies.length > SAMPLES) this.latencies.shift();
    const { requests, cacheHits, dialPlans, errors } = this.counters;
    this.counters = {
      requests: requests + more.requests,
      cacheHits: cacheHits + more.cacheHits,
      dialPlans: dialPlans + more.dialPlans,
      errors: errors + more.errors,
    };
    this.parts.store.write('counters', this.counters);
  }
}

const keyOf = ({ phone, trunk }: Question): string => `${phone.replace(/\D/g, '')}|${trunk}`;
