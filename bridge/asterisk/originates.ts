/** Calls we asked Asterisk for, until it said what became of the first leg. */
import type { AmiMessage, AmiText } from './ami/message.ts';
import { callIdOf } from './names.ts';

/** The first channel is there, or the reason why there will be none. `unknown`: the connection broke meanwhile. */
export type FirstChannel = { is: 'made' } | { is: 'failed'; reason: string } | { is: 'unknown' };

interface Originate {
  uniqueid: string;
  made: boolean;
  /** DialEnd's word, which tells busy from refused where the response does not. */
  status: string;
  tell(first: FirstChannel): void;
}

/** How ringing the extension ended, by DialEnd. */
const STATUSES: Record<string, string> = {
  BUSY: 'it is busy',
  NOANSWER: 'nobody answered',
  CONGESTION: 'it refused the call',
};
/** `Reason` of an OriginateResponse, by Asterisk's numbers of control frames. */
const REASONS: Record<string, string> = {
  '0': 'nobody is registered, or it does not answer the network',
  '1': 'it hung up',
  '3': 'nobody answered',
  '5': 'it is busy',
  '8': 'it refused the call',
};
const reasonOf = ({ status }: Originate, code = ''): string =>
  STATUSES[status] ?? REASONS[code] ?? `Asterisk's reason ${code || 'is missing'}`;

export class Originates {
  /** By ActionID. */
  readonly #open = new Map<string, Originate>();
  readonly #failedLater: (callId: string, reason: string) => void;

  /** @param failedLater told of a call whose first leg failed after its channel was made */
  constructor(failedLater: (callId: string, reason: string) => void) {
    this.#failedLater = failedLater;
  }

  /** Watches for the answer to an originate that is about to be sent. */
  watch(actionId: AmiText, uniqueid: string): Promise<FirstChannel> {
    return new Promise((tell) => this.#open.set(actionId, { uniqueid, made: false, status: '', tell }));
  }

  /** It was refused at once: nothing will come. */
  forget(actionId: AmiText): void {
    this.#open.delete(actionId);
  }

  hear(event: AmiMessage): void {
    if (event.Event === 'Newchannel') {
      for (const originate of this.#open.values()) {
        if (originate.uniqueid !== event.Uniqueid) continue;
        originate.made = true;
        originate.tell({ is: 'made' });
      }
    } else if (event.Event === 'DialEnd' && event.Uniqueid === undefined) {
      for (const originate of this.#open.values()) {
        if (originate.uniqueid === event.DestUniqueid) originate.status = event.DialStatus ?? '';
      }
    } else if (event.Event === 'OriginateResponse') {
      const originate = this.#open.get(event.ActionID ?? '');
      if (!originate) return;
      this.#open.delete(event.ActionID ?? '');
      if (event.Response === 'Success') {
        originate.tell({ is: 'made' });
      } else if (originate.made) {
        const callId = callIdOf(originate.uniqueid);
        if (callId !== undefined) this.#failedLater(callId, reasonOf(originate, event.Reason));
      } else {
        originate.tell({ is: 'failed', reason: reasonOf(originate, event.Reason) });
      }
    }
  }

  /** A call whose extension answered could not be rung any further, and no channel tells so. */
  outgoingFailed(linkedid: string, reason: string): void {
    const callId = callIdOf(linkedid);
    if (callId !== undefined) this.#failedLater(callId, reason);
  }

  /** The connection broke: what was asked may have been done. The list of channels tells, after the next one. */
  lost(): void {
    for (const originate of this.#open.values()) originate.tell({ is: 'unknown' });
    this.#open.clear();
  }
}
