/** What operators' telephony can do, whichever it is: the interface of the drivers. */
import type { operators } from '../../../worker/db/schema';
import type { Seen } from '../../operator-desk/contract';

export type OperatorRow = typeof operators.$inferSelect;

/**
 * - `refused`: telephony understood and said no; `status` and `code` are its own.
 * - `unavailable`: it failed, or can't be reached. `timeout`: it did not answer in time; a change may have happened.
 * - `unsupported`: this driver can't, or is not set up for it.
 */
export type TelephonyProblem = 'refused' | 'unavailable' | 'timeout' | 'unsupported';

export class TelephonyError extends Error {
  constructor(
    readonly problem: TelephonyProblem,
    message: string,
    /** Of a refusal. */
    readonly status = 409,
    readonly code = 'TELEPHONY_REFUSED',
  ) {
    super(message);
  }
}

export interface Account {
  login: string;
  password: string;
}

/** Every call ends within seconds. @throws TelephonyError from every method */
export interface Telephony {
  /** Makes the operator's account; one that is there already stays as it is. */
  add(operator: OperatorRow): Promise<void>;
  /** Takes the operator out of the queues and the account away; none is no error. */
  remove(operator: OperatorRow): Promise<void>;
  /** The account's password as it is now. */
  password(operator: OperatorRow): Promise<Account>;
  /** Asks for nothing but an answer: the queues telephony knows, for the operator given where it can't say otherwise. */
  check(operator: OperatorRow | null): Promise<string[]>;
  /** Where the operator stands in each queue. */
  standings(operator: OperatorRow): Promise<Seen[]>;
  connect(operator: OperatorRow, queue: string, connected: boolean): Promise<void>;
  /** Of one who is on the line there. */
  setStatus(
    operator: OperatorRow,
    queue: string,
    status: {
      paused: boolean;
      priority: number;
      reason: string | null;
      changed: readonly ('paused' | 'priority')[];
    },
  ): Promise<void>;
}
