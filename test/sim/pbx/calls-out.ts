/** Calls of our own people: to customers, by a click, inside the house; as calls.ts, with what is true of each. */
import { SECOND_TRUNK, TRUNK } from './calls.ts';
import { PbxHost, type Channel } from './host.ts';
import type { ExpectedTelling, Trace } from './trace.ts';

type Made = Pick<Trace, 'steps' | 'expect'>;

export interface OutgoingPlan {
  phone: string;
  ext: string;
  /** Refused by the first trunk. */
  failover: boolean;
  ringSec: number;
  answered: boolean;
  talkSec: number;
  /** Sent on to a colleague, who takes it or does not. */
  handedTo?: { ext: string; taken: boolean; after: number } | null;
  hangupLost?: boolean;
  /** The hangup lists who called. */
  listed?: boolean;
  first?: number;
}

/** One of ours calls a customer. */
export function outgoing(plan: OutgoingPlan): Made {
  const host = new PbxHost(plan.first);
  const { phone, ext, handedTo } = plan;
  const caller = host.sip(ext, ext);
  const trunks = plan.failover ? [TRUNK, SECOND_TRUNK] : [TRUNK];
  let outer: Channel | null = null;
  for (const trunk of trunks) {
    host.dial(caller, { phone, exts: [ext], type: 1, trunk });
    outer = host.sip(trunk, phone);
    host.callerid(outer, ext, 'from-out-office', phone);
  }
  host.wait(plan.ringSec);
  let answeredAt: number | null = null;
  let endedAt: number | null = null;
  const talkers: string[] = [];
  const last = {
    phone,
    exts: [plan.listed ? ext : ''],
    type: 1,
    status: plan.answered ? '2' : '0',
    trunk: trunks.at(-1),
    from: 0,
  };
  if (plan.answered && outer) {
    const bridge = host.bridge();
    answeredAt = host.now;
    talkers.push(ext);
    host.join(bridge, outer, ext);
    host.join(bridge, caller, '', phone);
    host.wait(plan.talkSec);
    host.leave(bridge, outer, caller);
    host.destroy(bridge);
    if (handedTo) {
      const firstEnd = host.now;
      host.hangup(caller, { ...last, to: firstEnd });
      host.wait(handedTo.after);
      const tail = { phone, exts: [handedTo.ext], type: 2, status: handedTo.taken ? '2' : '0', from: null };
      if (handedTo.taken) {
        const desk = host.sip(handedTo.ext, handedTo.ext);
        const second = host.bridge();
        host.join(second, outer, handedTo.ext);
        host.join(second, desk, phone);
        talkers.push(handedTo.ext);
        host.wait(plan.talkSec);
        host.leave(second, outer, desk);
        host.destroy(second);
      }
      endedAt = host.now;
      host.hangup(outer, { ...tail, to: host.now });
    }
  }
  if (endedAt === null) {
    endedAt = host.now;
    host.wait(1);
    if (!plan.hangupLost) host.hangup(caller, { ...last, to: endedAt });
  }
  const told: ExpectedTelling = {
    direction: 'out',
    phone: `+${phone}`,
    trunk: trunks.at(-1) ?? null,
    announced: [ext],
    result: plan.answered ? 'answered' : 'no_answer',
    first: ext,
    last: talkers.at(-1) ?? ext,
    talkers,
    talk: answeredAt === null ? 0 : Math.round((endedAt - answeredAt) / 1_000),
    waiting: Math.round(((answeredAt ?? endedAt) - 0) / 1_000),
  };
  return { steps: host.steps, expect: { calls: [], crm: [told] } };
}

/** A direction nobody may call: no dial, only the hangup. */
export function forbidden({ phone, ext, status }: { phone: string; ext: string; status: '0' | '1' }): Made {
  const host = new PbxHost();
  const caller = host.sip(ext, ext);
  host.wait(2);
  host.hangup(caller, { phone, exts: [ext], type: 1, status, trunk: TRUNK, from: 0, to: host.now });
  const told: ExpectedTelling = {
    direction: 'out',
    phone: `+${phone}`,
    trunk: TRUNK,
    announced: [],
    result: status === '1' ? 'failed' : 'no_answer',
    first: ext,
    last: ext,
    talkers: [],
    talk: 0,
    waiting: 2,
  };
  return { steps: host.steps, expect: { calls: [], crm: [told] } };
}

/** The CRM's click: our own phone first, in a bridge of its own, then the customer over a Local channel. */
export function clicked(plan: { phone: string; ext: string; answered: boolean; talkSec: number }): Made {
  const host = new PbxHost(60, true);
  const { phone, ext } = plan;
  const own = host.bridge();
  const desk = host.sip(ext, ext);
  host.join(own, desk, phone);
  host.wait(1);
  const startAt = Math.floor(host.now / 1_000) * 1_000;
  const [, leg] = host.local(phone, 'inoffice', ext);
  host.dial(leg, { phone, exts: [ext], type: 1, trunk: TRUNK });
  const outer = host.sip(TRUNK, phone);
  host.callerid(outer, ext, 'from-out-office', phone);
  host.wait(8);
  let answeredAt: number | null = null;
  if (plan.answered) {
    const bridge = host.bridge();
    answeredAt = host.now;
    host.join(bridge, outer, ext);
    host.wait(plan.talkSec);
    host.leave(bridge, outer);
    host.destroy(bridge);
  }
  const endedAt = host.now;
  const status = plan.answered ? '2' : '0';
  host.hangup(leg, { phone, exts: [''], type: 1, status, trunk: TRUNK, from: startAt, to: endedAt });
  host.leave(own, desk);
  const told: ExpectedTelling = {
    direction: 'out',
    phone: `+${phone}`,
    trunk: TRUNK,
    announced: [ext],
    result: plan.answered ? 'answered' : 'no_answer',
    first: ext,
    last: ext,
    talkers: plan.answered ? [ext] : [],
    talk: answeredAt === null ? 0 : Math.round((endedAt - answeredAt) / 1_000),
    waiting: Math.round(((answeredAt ?? endedAt) - startAt) / 1_000),
  };
  return { steps: host.steps, expect: { calls: [], crm: [told] } };
}

/** Inside the house: nothing for a CRM. */
export function inside(plan: { from: string; to: string; answered: boolean; talkSec: number }): Made {
  const host = new PbxHost();
  const caller = host.sip(plan.from, plan.from);
  const called = host.sip(plan.to, plan.to);
  if (plan.answered) {
    const bridge = host.bridge();
    host.join(bridge, called, plan.from);
    host.join(bridge, caller, '', plan.to);
    host.wait(plan.talkSec);
    host.leave(bridge, called, caller);
    host.destroy(bridge);
  } else host.wait(20);
  const status = plan.answered ? '2' : '0';
  host.hangup(caller, { phone: plan.from, exts: [plan.to], type: 2, status, from: null, to: host.now });
  return { steps: host.steps, expect: { calls: [], crm: [] } };
}

/** What no call is: the sender's hangup of nobody. */
export function parasite(): Made {
  const host = new PbxHost(900, true);
  const channel = host.sip('101', '101');
  host.hangup(channel, { phone: '<unknown>', exts: [''], type: 2, status: '1', from: null, to: 0 });
  return { steps: host.steps, expect: { calls: [], crm: [] } };
}
