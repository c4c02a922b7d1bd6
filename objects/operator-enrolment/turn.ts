/** One turn of an enrolment: some operators side by side, each settled as soon as it has its answer. */
import { enlist } from '../lib/telephony/enlist';
import { TelephonyError, type OperatorRow, type Telephony } from '../lib/telephony/telephony';
import type { Db } from '../../worker/db';
import type { Actor, Include } from './contract';
import { endsTurn, type Outcome } from './machine';
import type { KnownItem } from './store';

/** Operators asked for at once. */
const LANES = 4;

interface Parts {
  items: readonly KnownItem[];
  /** Asks for one of them; never throws. */
  ask(item: KnownItem): Promise<Outcome>;
  /** Keeps what became of it. */
  settled(item: KnownItem, outcome: Outcome): void;
  /** Whether another one may be asked for. */
  goesOn(): boolean;
  /** Telephony was away at the last turn: one is asked for first, and the others if it answers. */
  careful: boolean;
}

/** Ends when everybody was asked for, telephony is away, or the run was stopped. */
export async function takeTurn({ items, ask, settled, goesOn, careful }: Parts): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const queue = [...items];
  const mayAsk = (): boolean => goesOn() && !outcomes.some(endsTurn);
  const one = async (): Promise<void> => {
    const item = mayAsk() ? queue.shift() : undefined;
    if (item === undefined) return;
    const outcome = await ask(item);
    settled(item, outcome);
    outcomes.push(outcome);
  };
  if (careful) await one();
  const lane = async (): Promise<void> => {
    while (queue.length > 0 && mayAsk()) await one();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return outcomes;
}

/** Asks telephony for one operator. `row`: the record as it is now; absent: it was deleted. */
export async function enrolOne(
  parts: { db: Db; telephony: Telephony; include: Include; actor: Actor; now(): number },
  row: OperatorRow | undefined,
): Promise<Outcome> {
  const { db, telephony, include, actor, now } = parts;
  if (row === undefined) return { kind: 'gone', problem: null };
  if (row.inTelephony && include === 'missing') return { kind: 'already' };
  try {
    const enlisted = await enlist(db, telephony, row, actor, now());
    switch (enlisted.result) {
      case 'added':
      case 'already':
        return { kind: enlisted.result };
      case 'gone':
        return { kind: 'gone', problem: leftBehind(enlisted.left) };
      case 'changed':
        return {
          kind: 'refused',
          problem: leftBehind(enlisted.left) ?? {
            code: 'CHANGED_MEANWHILE',
            message: 'The record was changed while its account was made: start again.',
          },
        };
    }
  } catch (error) {
    return outcomeOf(error);
  }
}

const leftBehind = (why: string | null) =>
  why === null
    ? null
    : { code: 'ACCOUNT_LEFT', message: `An account is left in telephony, take it away there: ${why}` };

/** What an error of telephony, or of our own database, says of the operator. */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof TelephonyError)) {
    console.error(`operator enrolment: ${String(error)}`);
    return { kind: 'away', problem: { code: 'INTERNAL', message: 'Something went wrong on our side.' } };
  }
  const { problem, message, code } = error;
  if (problem === 'refused') return { kind: 'refused', problem: { code, message } };
  if (problem === 'unsupported') return { kind: 'unsupported', problem: { code: 'NOT_SUPPORTED', message } };
  return { kind: 'away', problem: { code: 'TELEPHONY_UNAVAILABLE', message } };
}
