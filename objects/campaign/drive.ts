/**
 * Takes one attempt from where it stands to where it waits for its call to end, over injected parts. May be cut off
 * anywhere and begun anew: each step is stored before the next is taken, and what goes out carries the attempt's ids.
 */
import type { AdmitResult } from '../dial-guard/contract';
import type { Attempt, AttemptEvent } from './attempt';
import type { Evidence } from './attempt-views';

/** `no`: nothing rang and nothing will. `maybe`: nobody knows. `failed`: the device tried and failed. */
export type StartAnswer = { ok: true } | { ok: false; rang: 'no' | 'maybe' | 'failed'; reason: string };

export type Target = Partial<Pick<Attempt, 'bridgeId' | 'pbx' | 'extension'>>;
export type Prepared = { ok: true; target: Target } | { ok: false; reason: string };

export interface DriveParts {
  now(): number;
  load(id: string): Attempt | null;
  /** Stores an event with all that follows from it for the lead and its agent, in one transaction. */
  apply(id: string, event: AttemptEvent): void;
  /** Why the call may not begin (any more); null when it may. */
  forbidden(attempt: Attempt): string | null;
  /** Asks the tenant's guard; the same attempt counts once. */
  admit(attempt: Attempt): Promise<AdmitResult>;
  release(attempt: Attempt): Promise<void>;
  /** Has CallHub tell of the call, whoever hears of it first. */
  watch(attempt: Attempt): Promise<void>;
  /** Looks for what will ring, where that is not decided yet. */
  prepare(attempt: Attempt): Promise<Prepared>;
  /** Rings; the same attempt again rings no second time. `again`: it may have been sent already. */
  start(attempt: Attempt, again: boolean): Promise<StartAnswer>;
}

/** @throws what the parts throw: another object could not be reached, and this is to be called again. */
export async function driveAttempt(parts: DriveParts, id: string): Promise<void> {
  const found = parts.load(id);
  if (found === null) return;
  if (found.state === 'checking' && !(await check(parts, found))) return;
  const checked = parts.load(id);
  if (checked?.state === 'starting' && !(await send(parts, checked))) return;
  const sent = parts.load(id);
  if (sent?.state === 'dialling') await ring(parts, sent, found.state === 'dialling');
}

async function check(parts: DriveParts, attempt: Attempt): Promise<boolean> {
  if (withdrawn(parts, attempt)) {
    // An earlier life may have been cut off after the guard counted it.
    await parts.release(attempt);
    return false;
  }
  const answer = await parts.admit(attempt);
  // It may have been withdrawn while the guard was asked: then it does not count there either.
  if (parts.load(attempt.id)?.state !== 'checking') {
    await parts.release(attempt);
    return false;
  }
  const evidence = evidenceOf(attempt, answer, parts.now());
  if (!answer.ok) {
    parts.apply(attempt.id, { type: 'blocked', reason: answer.code, evidence });
    return false;
  }
  parts.apply(attempt.id, { type: 'admitted', evidence });
  return true;
}

async function send(parts: DriveParts, attempt: Attempt): Promise<boolean> {
  await parts.watch(attempt);
  const prepared = await parts.prepare(attempt);
  if (parts.load(attempt.id)?.state !== 'starting' || withdrawn(parts, attempt)) {
    await parts.release(attempt);
    return false;
  }
  if (!prepared.ok) {
    parts.apply(attempt.id, { type: 'withdrawn', reason: prepared.reason });
    await parts.release(attempt);
    return false;
  }
  parts.apply(attempt.id, { type: 'sent', at: parts.now(), target: prepared.target });
  return true;
}

async function ring(parts: DriveParts, attempt: Attempt, again: boolean): Promise<void> {
  const why = again ? parts.forbidden(attempt) : null;
  if (why !== null) {
    // It may be ringing since before; but nothing begins any more.
    parts.apply(attempt.id, { type: 'uncertain', reason: why });
    return;
  }
  const answer = await parts.start(attempt, again);
  if (answer.ok) parts.apply(attempt.id, { type: 'accepted' });
  else if (answer.rang === 'maybe') parts.apply(attempt.id, { type: 'uncertain', reason: answer.reason });
  else if (answer.rang === 'failed')
    parts.apply(attempt.id, { type: 'failed', at: parts.now(), reason: answer.reason });
  else {
    parts.apply(attempt.id, { type: 'withdrawn', reason: answer.reason });
    // What was told of the call meanwhile knows better than the refusal.
    if (parts.load(attempt.id)?.state === 'withdrawn') await parts.release(attempt);
  }
}

function withdrawn(parts: DriveParts, attempt: Attempt): boolean {
  const why = parts.forbidden(attempt);
  if (why !== null) parts.apply(attempt.id, { type: 'withdrawn', reason: why });
  return why !== null;
}

const evidenceOf = (
  attempt: Attempt,
  answer: AdmitResult,
  now: number,
): Pick<Evidence, 'dnc' | 'number_cap'> => ({
  dnc: {
    listed: !answer.ok && answer.code === 'listed',
    version: answer.dncVersion,
    checked_at: new Date(now).toISOString(),
  },
  number_cap: {
    calls_today: answer.callsToday,
    cap: answer.cap,
    day: attempt.evidence.local_times[0]?.local.slice(0, 10) ?? '',
  },
});
