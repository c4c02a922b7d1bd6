/** Operators as the desk knows them. */
import type { Cause, LineState, Standing } from './machine';

/** The desk's copy of an operator's row. */
export interface DeskOperator {
  uuid: string;
  name: string;
  /** The user who is this operator; null: nobody. */
  userId: string | null;
  extension: string | null;
  queues: string[];
}

export interface QueueView {
  queue: string;
  /** What was asked for last; null: nothing was. */
  desired: (Standing & { by: string | null; at: number }) | null;
  /** What telephony said last; null: nothing is known. */
  seen: (Standing & { at: number; device: string | null }) | null;
  drift: boolean;
}

export interface OperatorView extends Omit<DeskOperator, 'queues'> {
  /** Of what telephony says. */
  connected: boolean;
  paused: boolean;
  state: LineState;
  reason: string | null;
  /** Since when the state is what it is; null: never known. */
  since: number | null;
  cause: Cause | null;
  actor: string | null;
  drift: boolean;
  /** Calls in a row that rang in vain. */
  missed: number;
  queues: QueueView[];
}
