/** An invented Asterisk behind a bridge of a Worker test: members of two queues, accounts, and what is broken of it. */
import type { SlotBridge } from './slot-bridge';

type Args = Record<string, unknown>;

export interface PlayedPbx {
  /** By `queue/extension`. */
  members: Map<
    string,
    { queue: string; extension: string; paused: boolean; penalty: number; reason: string }
  >;
  /** Passwords by extension. */
  accounts: Map<string, string>;
  /** Queues that take nobody. */
  broken: Set<string>;
}

export const newPlayedPbx = (): PlayedPbx => ({ members: new Map(), accounts: new Map(), broken: new Set() });

const memberKey = ({ queue, extension }: Args) => `${String(queue)}/${String(extension)}`;

/** The bridge answers as that Asterisk would. */
export function playPbx(bridge: SlotBridge, pbx: PlayedPbx): void {
  const refuse = (message: string) => ({ refuse: 'PBX_REFUSED', message }) as const;
  bridge.replies.set('pbx.account.put', ({ extension }) => {
    const already = pbx.accounts.has(String(extension));
    if (!already) pbx.accounts.set(String(extension), `secret of ${String(extension)}`);
    return { result: { already } };
  });
  bridge.replies.set('pbx.account.remove', ({ extension }) => ({
    result: { already: !pbx.accounts.delete(String(extension)) },
  }));
  bridge.replies.set('pbx.account.password', ({ extension }) => {
    const password = pbx.accounts.get(String(extension));
    return password === undefined
      ? { refuse: 'NOT_FOUND', message: 'no account' }
      : { result: { login: extension, password } };
  });
  bridge.replies.set('pbx.queue.add', (args) => {
    if (pbx.broken.has(String(args.queue))) return refuse('Asterisk: no such queue');
    const already = pbx.members.has(memberKey(args));
    if (!already)
      pbx.members.set(memberKey(args), {
        queue: String(args.queue),
        extension: String(args.extension),
        paused: false,
        penalty: 0,
        reason: '',
      });
    return { result: { already } };
  });
  bridge.replies.set('pbx.queue.remove', (args) => ({
    result: { already: !pbx.members.delete(memberKey(args)) },
  }));
  bridge.replies.set('pbx.queue.pause', (args) => {
    const known = pbx.members.get(memberKey(args));
    if (!known) return refuse('Asterisk: Interface not found');
    known.paused = args.paused === true;
    known.reason = typeof args.reason === 'string' ? args.reason : '';
    return { result: {} };
  });
  bridge.replies.set('pbx.queue.penalty', (args) => {
    const known = pbx.members.get(memberKey(args));
    if (!known) return refuse('Asterisk: Invalid interface');
    known.penalty = Number(args.penalty);
    return { result: {} };
  });
  bridge.replies.set('pbx.queues', () => ({
    result: {
      queues: ['support', 'sales'].map((name) => ({
        name,
        strategy: 'ringall',
        calls: 0,
        completed: 0,
        abandoned: 0,
        hold_time_sec: 0,
        members: [...pbx.members.values()]
          .filter(({ queue }) => queue === name)
          .map(({ extension, paused, penalty, reason }) => ({
            interface: `PJSIP/${extension}`,
            extension,
            name: extension,
            penalty,
            paused,
            paused_reason: reason,
            dynamic: true,
            in_call: false,
            status: 'Not in use',
            calls_taken: 0,
            last_call: null,
          })),
      })),
    },
  }));
}
