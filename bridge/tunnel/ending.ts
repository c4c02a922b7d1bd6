/** What the end of a connection means for the next one: pure. */
import { TUNNEL_CLOSE } from '../protocol/messages.ts';
import type { ConnectionEnd } from './connection.ts';

export type Verdict =
  | { next: 'retry' }
  /** The edge does not take this bridge now; asked again slowly, since a person may repair it. */
  | { next: 'retry_slowly'; remedy: string }
  /** No use to go on; `remedy` says what a person has to do. */
  | { next: 'stop'; remedy: string };

const ENROL_AGAIN =
  'make a new bridge at the edge, remove bridge.json and bridge.key from the state directory, and enrol with its code';

export function verdictOf({ bye, status }: Pick<ConnectionEnd, 'bye' | 'status'>): Verdict {
  if (status === 403 || bye?.code === TUNNEL_CLOSE.revoked.code) {
    return {
      next: 'stop',
      remedy: `an administrator revoked this bridge. To use this host again: ${ENROL_AGAIN}`,
    };
  }
  if (status === 401 || bye?.code === TUNNEL_CLOSE.unauthenticated.code) {
    return {
      next: 'retry_slowly',
      remedy: `the edge does not know this bridge's key (was it removed, or its code used again?): ${ENROL_AGAIN}`,
    };
  }
  if (bye === null || bye.temporary) return { next: 'retry' };
  if (bye.code === TUNNEL_CLOSE.replaced.code) {
    return {
      next: 'stop',
      remedy:
        "another process connected with this bridge's key. Run one of them only; a copied state directory needs an enrolment of its own",
    };
  }
  if (bye.code === TUNNEL_CLOSE.version.code) {
    return { next: 'stop', remedy: `update this bridge: ${bye.reason}` };
  }
  return { next: 'stop', remedy: bye.reason };
}
