/**
 * Whole calls of a host, put together from what people do, with what is true of each. The order of the posts is that of
 * a real host in the same case.
 */
import { PbxHost, type Channel } from './host.ts';
import type { ExpectedTelling, Trace } from './trace.ts';

export const TRUNK = '0002001';
export const SECOND_TRUNK = '0002002';

/** What happens to an incoming call in talk. */
export type Handing =
  /** Sent on; the target takes it, or does not. */
  | { how: 'blind'; to: string; taken: boolean; after: number }
  /** Asked aside first, then handed over; `collapses`: the Local channel between goes away. */
  | { how: 'attended'; to: string; after: number; collapses: boolean }
  /** Asked aside, then the customer is taken back; `talked`: the target had picked up. */
  | { how: 'asked'; to: string; after: number; talked: boolean };

export interface IncomingPlan {
  phone: string;
  /** Groups rung one after the other. */
  rings: string[][];
  ringSec: number;
  /** Who answers; `mobile`: somebody's mobile that the group also tries; null: nobody. */
  answeredBy: string | null;
  /** A mobile that is tried in vain beside the group; `follow`: of one of those rung. */
  tries?: 'group' | 'follow';
  mobile?: string;
  talkSec: number;
  handings: Handing[];
  /** The caller's channel is told of first in the bridge. */
  customerFirst?: boolean;
  /** The hangup never comes. */
  hangupLost?: boolean;
  /** Drops in the greeting: nobody is rung. */
  greetingOnly?: boolean;
  first?: number;
}

const MOBILE = '375330000077';
const international = (phone: string): string => `+${phone}`;

/** A caller: the greeting, the ringing, who takes him and hands him on, the end. */
export function incoming(plan: IncomingPlan): Pick<Trace, 'steps' | 'expect'> {
  const call = new IncomingCall(plan);
  call.run();
  return { steps: call.host.steps, expect: { calls: [], crm: [call.telling()] } };
}

class IncomingCall {
  readonly host: PbxHost;
  readonly #customer: Channel;
  readonly #plan: IncomingPlan;
  readonly #talkers: string[] = [];
  #answeredAt: number | null = null;
  #endedAt = 0;
  /** What the last hangup says of itself. */
  #last: { type: number; status: string; exts: string[] };

  constructor(plan: IncomingPlan) {
    this.#plan = plan;
    this.host = new PbxHost(plan.first);
    this.#customer = this.host.sip(TRUNK, plan.phone);
    this.#last = { type: 0, status: '0', exts: [''] };
  }

  run(): void {
    const { host } = this;
    const { rings, ringSec, answeredBy, phone, greetingOnly } = this.#plan;
    host.start(this.#customer, TRUNK);
    host.callerid(this.#customer, '', 'from-out-office', TRUNK);
    if (greetingOnly) host.wait(ringSec);
    else {
      for (const exts of rings) {
        host.dial(this.#customer, { phone, exts, type: 0, trunk: TRUNK });
        if (this.#plan.tries) this.#tryMobile(exts[0] ?? '');
        host.wait(ringSec);
      }
    }
    if (answeredBy === 'mobile') this.#mobileAnswers();
    else if (answeredBy !== null && !greetingOnly) this.#talk(answeredBy);
    this.#endedAt = Math.floor(host.now / 1_000) * 1_000;
    host.wait(2);
    if (this.#plan.hangupLost) return;
    const { exts, type, status } = this.#last;
    const trunk = type === 2 ? undefined : TRUNK;
    host.hangup(this.#customer, { phone, exts, type, status, trunk, from: 0, to: this.#endedAt });
  }

  telling(): ExpectedTelling {
    const { rings, phone, answeredBy, greetingOnly } = this.#plan;
    const announced = greetingOnly ? [] : [...new Set(rings.flat())].filter((ext) => ext.length <= 4);
    const answered = this.#answeredAt !== null;
    return {
      direction: 'in',
      phone: international(phone),
      trunk: TRUNK,
      announced,
      result: answered ? 'answered' : 'no_answer',
      first: answeredBy === 'mobile' ? null : (this.#talkers[0] ?? only(rings.at(-1), greetingOnly)),
      last: this.#talkers.at(-1) ?? (answeredBy === 'mobile' ? null : only(rings.at(-1), greetingOnly)),
      talkers: [...new Set(this.#talkers)],
      talk: answered ? Math.round((this.#endedAt - (this.#answeredAt ?? 0)) / 1_000) : 0,
      waiting: Math.round(((this.#answeredAt ?? this.#endedAt) - 0) / 1_000),
    };
  }

  #talk(ext: string): void {
    const { host } = this;
    const desk = host.sip(ext, ext);
    const bridge = this.#meet(desk);
    this.#last = { type: 0, status: '2', exts: [ext] };
    host.wait(this.#plan.talkSec);
    this.#handOn({ desk, bridge }, this.#plan.handings);
  }

  /** In a new bridge with the customer. */
  #meet(desk: Channel): string {
    const { host } = this;
    const bridge = host.bridge();
    const join = {
      desk: () => host.join(bridge, desk, this.#plan.phone),
      customer: () => host.join(bridge, this.#customer, desk.num),
    };
    this.#answeredAt ??= host.now;
    if (this.#plan.customerFirst) {
      join.customer();
      join.desk();
    } else {
      join.desk();
      join.customer();
    }
    this.#talkers.push(desk.num);
    return bridge;
  }

  #handOn(at: { desk: Channel; bridge: string }, handings: Handing[]): void {
    const { host } = this;
    const [next, ...rest] = handings;
    if (!next) {
      host.leave(at.bridge, at.desk, this.#customer);
      host.destroy(at.bridge);
      return;
    }
    if (next.how === 'blind') {
      host.leave(at.bridge, at.desk, this.#customer);
      host.destroy(at.bridge);
      this.#last = { type: 2, status: next.taken ? '2' : '0', exts: [next.to] };
      host.wait(next.after);
      if (!next.taken) return;
      const desk = host.sip(next.to, next.to);
      const bridge = this.#meet(desk);
      host.wait(this.#plan.talkSec);
      this.#handOn({ desk, bridge }, rest);
      return;
    }
    this.#handOn(this.#consult(at, next), rest);
  }

  #consult(
    at: { desk: Channel; bridge: string },
    next: Extract<Handing, { how: 'attended' | 'asked' }>,
  ): { desk: Channel; bridge: string } {
    const { host } = this;
    const { phone } = this.#plan;
    const [near, far] = host.local(next.to, 'dialexecute', phone);
    host.leave(at.bridge, at.desk);
    const asking = host.bridge();
    host.join(asking, at.desk, next.to);
    host.join(asking, near, at.desk.num);
    const target = host.sip(next.to, next.to);
    host.wait(next.after);
    const answered = next.how === 'attended' || next.talked;
    const asked = answered ? host.bridge() : null;
    if (asked !== null) {
      host.join(asked, far, next.to);
      // A phone that is asked aside shows the customer already.
      host.join(asked, target, phone);
      host.wait(4);
    }
    host.leave(asking, near, at.desk);
    host.destroy(asking);
    const hangup = { phone, exts: [next.to], type: 2, status: '2', from: null, to: host.now };
    if (next.how === 'asked') {
      if (asked !== null) {
        host.leave(asked, far, target);
        host.destroy(asked);
      }
      host.hangup(far, answered ? hangup : { ...hangup, phone: at.desk.num, status: '0' });
      host.join(at.bridge, at.desk, phone);
      this.#talkers.push(at.desk.num);
      host.wait(this.#plan.talkSec);
      return at;
    }
    this.#talkers.push(next.to);
    host.join(at.bridge, near, phone);
    if (next.collapses && asked !== null) {
      host.leave(asked, target);
      host.join(at.bridge, target, phone);
      host.leave(at.bridge, near);
      host.leave(asked, far);
      host.destroy(asked);
    }
    host.hangup(far, hangup);
    host.wait(this.#plan.talkSec);
    return { desk: next.collapses ? target : near, bridge: at.bridge };
  }

  /** A leg over both trunks that nobody takes. */
  #tryMobile(ext: string): void {
    const { host } = this;
    const { phone, mobile = MOBILE, tries } = this.#plan;
    const [, leg] = host.local(mobile, '0a1b2c3d', phone);
    host.callerid(leg, mobile, '0a1b2c3d', mobile);
    const exts = tries === 'follow' ? [ext] : [phone];
    for (const trunk of [TRUNK, SECOND_TRUNK]) host.dial(leg, { phone: mobile, exts, type: 1, trunk });
    host.wait(1);
    host.hangup(leg, {
      phone: mobile,
      exts,
      type: 1,
      status: '0',
      trunk: SECOND_TRUNK,
      from: 0,
      to: host.now,
    });
  }

  #mobileAnswers(): void {
    const { host } = this;
    const { phone, mobile = MOBILE } = this.#plan;
    const [near, leg] = host.local(mobile, '0a1b2c3d', phone);
    host.dial(leg, { phone: mobile, exts: [phone], type: 1, trunk: SECOND_TRUNK });
    const outer = host.sip(SECOND_TRUNK, mobile);
    host.callerid(outer, phone, 'from-out-office', mobile);
    const away = host.bridge();
    host.join(away, leg, mobile);
    host.join(away, outer, phone);
    const bridge = host.bridge();
    this.#answeredAt = host.now;
    host.join(bridge, this.#customer, mobile);
    host.join(bridge, near, phone);
    this.#last = { type: 0, status: '2', exts: [''] };
    host.wait(this.#plan.talkSec);
    host.leave(bridge, near, this.#customer);
    host.destroy(bridge);
    host.leave(away, outer, leg);
    host.destroy(away);
    host.hangup(leg, {
      phone: mobile,
      exts: [phone],
      type: 1,
      status: '2',
      trunk: SECOND_TRUNK,
      from: 0,
      to: host.now,
    });
  }
}

/** Whom nobody but the last dial names. */
function only(exts: string[] | undefined, greetingOnly: boolean | undefined): string | null {
  const ours = (greetingOnly ? [] : (exts ?? [])).filter((ext) => ext.length <= 4);
  return ours.length === 1 ? (ours[0] ?? null) : null;
}
