/** What becomes of a lead after an attempt, pure. */
import type { CampaignConfig } from '../../worker/db/schema';
import type { AttemptOutcome, LeadResult } from './views';

/** Leads to be called again come before fresh ones, or a long list would never come back to them. */
export const RANK = { again: 0, fresh: 1 } as const;

/** How often a lead's attempts ended how. */
export type Outcomes = Partial<Record<AttemptOutcome, number>>;

export type Verdict = { state: 'done'; result: LeadResult } | { state: 'waiting'; nextAt: number };

/**
 * @param outcomes of all attempts, this one's included
 * @param attempts made so far, this one included
 */
export function afterAttempt(
  config: Pick<CampaignConfig, 'retry' | 'max_attempts'>,
  { outcome, outcomes, attempts }: { outcome: AttemptOutcome; outcomes: Outcomes; attempts: number },
  now: number,
): Verdict {
  if (outcome === 'answered') return { state: 'done', result: 'answered' };
  const rule = config.retry[outcome];
  const soOften = outcomes[outcome] ?? 0;
  if (rule === undefined || soOften >= rule.attempts || attempts >= config.max_attempts)
    return { state: 'done', result: outcome };
  return { state: 'waiting', nextAt: now + rule.delay_minutes * 60_000 };
}
