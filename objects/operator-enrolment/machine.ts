/**
 * How the enrolment of many operators goes on; pure. Making an account is harmless to repeat, therefore nothing is
 * written before an operator is asked for: after a crash whoever has no result yet is asked for again.
 */

/**
 * - `running`: there is work, and it goes on by itself (perhaps only at `wakeAt`).
 * - `done`: everybody has a result, good or bad.
 * - `halted`: telephony can't be reached, or can't make accounts at all; a person starts it again.
 * - `stopped`: by a person.
 */
export type RunState = 'running' | 'done' | 'halted' | 'stopped';

/** `added`: now; `already`: had an account; `gone`: the operator was deleted meanwhile. */
export type ItemResult = 'pending' | 'added' | 'already' | 'failed' | 'gone';

export interface Problem {
  code: string;
  message: string;
}

/**
 * What became of asking for one operator. `refused`: telephony, or the record, says no. `away`: telephony failed or did
 * not answer, which says nothing about this operator. `unsupported`: nobody can be enrolled with this telephony.
 */
export type Outcome =
  | { kind: 'added' | 'already' }
  | { kind: 'gone'; problem: Problem | null }
  | { kind: 'refused' | 'away' | 'unsupported'; problem: Problem };

export interface Run {
  state: RunState;
  /** Turns in a row that ended because telephony was away. */
  streak: number;
  /** When the next turn may begin, ms. */
  wakeAt: number;
  /** Why it waits or was halted. */
  problem: Problem | null;
}

export interface Item {
  result: ItemResult;
  /** How often telephony was away when this one was asked for. */
  tries: number;
  problem: Problem | null;
}

/** Tries of one operator, and turns in a row, after which nothing more is expected of waiting. */
export const PATIENCE = 10;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 60_000;

/** A run whose work may begin. */
export const begun = (now: number): Run => ({ state: 'running', streak: 0, wakeAt: now, problem: null });

/** An operator after it was asked for; one that has its result keeps it. */
export function settle(item: Item, outcome: Outcome): Item {
  if (item.result !== 'pending') return item;
  switch (outcome.kind) {
    case 'added':
    case 'already':
      return { ...item, result: outcome.kind, problem: null };
    case 'gone':
      return { ...item, result: 'gone', problem: outcome.problem };
    case 'refused':
      return { ...item, result: 'failed', problem: outcome.problem };
    case 'unsupported':
      return item;
    case 'away': {
      const tries = item.tries + 1;
      return { result: tries >= PATIENCE ? 'failed' : 'pending', tries, problem: outcome.problem };
    }
  }
}

/** What a turn of several operators came to. */
export interface Turn {
  outcomes: readonly Outcome[];
  /** Operators without a result, after the turn. */
  left: number;
}

/** Whether the rest of a turn waits: it would be told the same. */
export const endsTurn = ({ kind }: Outcome): boolean => kind === 'away' || kind === 'unsupported';

/** The run after a turn. A person may have stopped it meanwhile: then it stays stopped. */
export function afterTurn(run: Run, { outcomes, left }: Turn, now: number): Run {
  if (run.state !== 'running') return run;
  if (left === 0) return { state: 'done', streak: 0, wakeAt: now, problem: null };
  const unsupported = outcomes.find(({ kind }) => kind === 'unsupported');
  if (unsupported?.kind === 'unsupported') return { ...run, state: 'halted', problem: unsupported.problem };
  const away = outcomes.findLast(({ kind }) => kind === 'away');
  if (away?.kind !== 'away') return { ...run, streak: 0, wakeAt: now, problem: null };
  const moved = outcomes.some((outcome) => !endsTurn(outcome));
  const streak = moved ? 1 : run.streak + 1;
  const { problem } = away;
  if (streak >= PATIENCE) return { state: 'halted', streak, wakeAt: now, problem };
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (streak - 1), LONGEST_WAIT_MS);
  return { state: 'running', streak, wakeAt: now + wait, problem };
}

/** Stopped by a person. Null: it was over. */
export const stopped = (run: Run, now: number): Run | null =>
  run.state === 'running' || run.state === 'halted'
    ? { state: 'stopped', streak: 0, wakeAt: now, problem: null }
    : null;
