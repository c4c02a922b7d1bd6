import type { CdrRow, ChannelFact } from '../../../bridge/protocol/events.ts';
import type { VerbResult } from '../../../bridge/protocol/verbs.ts';

type Channel = VerbResult<'pbx.channels'>['channels'][number];

export const PBX = 'office';
export const TRUNK = 'trunk-main';

interface Leg {
  uniqueid: string;
  channel: string;
  kind: 'extension' | 'trunk';
  endpoint: string;
}

interface CallPlan {
  direction: 'in' | 'out';
  /** The outside number. */
  number: string;
  extension: string;
  trunk: string;
  /** The call the edge asked for. */
  callId?: string;
}

/** One call over the simulated PBX, told as AMI tells it: first leg, dial, answer, bridge, hangups, CDR. */
export class PbxCall {
  readonly linkedid: string;
  readonly plan: CallPlan;
  readonly #tell: (fact: ChannelFact) => void;
  readonly #now: () => number;
  readonly #number: () => number;
  readonly #startedAt: number;
  #answeredAt: number | null = null;
  #outside: Leg | null = null;
  #inside: Leg | null = null;
  #bridge = '';

  constructor(
    plan: CallPlan,
    tools: { tell: (fact: ChannelFact) => void; now: () => number; number: () => number },
  ) {
    this.plan = plan;
    this.#tell = tools.tell;
    this.#now = tools.now;
    this.#number = tools.number;
    this.#startedAt = tools.now();
    const first = plan.direction === 'in' ? this.#leg('trunk') : this.#leg('extension', plan.callId);
    this.linkedid = first.uniqueid;
    if (plan.direction === 'in') this.#outside = first;
    else this.#inside = first;
    this.#open(first, plan.callId);
  }

  get answered(): boolean {
    return this.#answeredAt !== null;
  }

  get live(): boolean {
    return this.#outside !== null || this.#inside !== null;
  }

  /** The first leg rings the second: the trunk of an outgoing call once its extension picked up. */
  dial(): void {
    const from = this.#outside ?? this.#inside;
    if (!from) return;
    if (this.plan.direction === 'out') this.#tell({ ...this.#fact(from), what: 'up' });
    const to = this.plan.direction === 'in' ? this.#leg('extension') : this.#called();
    if (this.plan.direction === 'in') this.#inside = to;
    else this.#outside = to;
    this.#open(to);
    this.#rings(from, to, this.plan.direction === 'in' ? this.plan.extension : this.plan.number);
  }

  /** Both ends talk. */
  answer(): void {
    if (!this.#inside || !this.#outside || this.answered) return;
    this.#answeredAt = this.#now();
    this.#bridge = `b-${this.#number()}`;
    const [from, to] =
      this.plan.direction === 'in' ? [this.#outside, this.#inside] : [this.#inside, this.#outside];
    this.#tell({ ...this.#fact(to), what: 'up' });
    this.#tell({ ...this.#fact(from), what: 'dial_end', dest_uniqueid: to.uniqueid, status: 'ANSWER' });
    if (this.plan.direction === 'in') this.#tell({ ...this.#fact(from), what: 'up' });
    for (const leg of [from, to]) this.#tell({ ...this.#fact(leg), what: 'enter', bridge: this.#bridge });
  }

  /** The outside party is moved to another extension; the one before hangs up. */
  move(extension: string): string | null {
    if (!this.#outside) return null;
    const channel = this.#outside.channel;
    if (this.#inside) this.#gone(this.#inside, 16, false);
    this.plan.extension = extension;
    this.#inside = this.#leg('extension');
    this.#open(this.#inside);
    this.#rings(this.#outside, this.#inside, extension);
    this.#tell({ ...this.#fact(this.#inside), what: 'up' });
    for (const leg of [this.#outside, this.#inside])
      this.#tell({ ...this.#fact(leg), what: 'enter', bridge: this.#bridge || `b-${this.#number()}` });
    return channel;
  }

  /** Hangs up every leg; answers how many there were. `status` is what DialEnd says of a call nobody answered. */
  end(status: 'ANSWER' | 'BUSY' | 'NOANSWER' | 'CANCEL' | 'CONGESTION' = 'CANCEL'): number {
    const cause = status === 'BUSY' ? 17 : status === 'NOANSWER' ? 19 : status === 'CONGESTION' ? 34 : 16;
    const from = this.plan.direction === 'in' ? this.#outside : this.#inside;
    const to = this.plan.direction === 'in' ? this.#inside : this.#outside;
    if (from && to && !this.answered)
      this.#tell({ ...this.#fact(from), what: 'dial_end', dest_uniqueid: to.uniqueid, status });
    const legs = [to, from].filter((leg) => leg !== null);
    legs.forEach((leg, index) => this.#gone(leg, cause, index === legs.length - 1));
    this.#inside = null;
    this.#outside = null;
    return legs.length;
  }

  /** The row Asterisk writes when the call is over. */
  cdr(disposition: string): CdrRow {
    const end = this.#now();
    const { direction, number, extension, trunk } = this.plan;
    const seconds = (from: number): number => Math.round((end - from) / 1_000);
    return {
      pbx: PBX,
      uniqueid: this.linkedid,
      linkedid: this.linkedid,
      channel: direction === 'in' ? `PJSIP/${trunk}-0001` : `PJSIP/${extension}-0001`,
      dest_channel: direction === 'in' ? `PJSIP/${extension}-0002` : `PJSIP/${trunk}-0002`,
      source: direction === 'in' ? number : extension,
      destination: direction === 'in' ? extension : number,
      context: direction === 'in' ? 'from-trunk' : 'inoffice',
      caller_id: direction === 'in' ? number : extension,
      start: this.#startedAt,
      answer: this.#answeredAt,
      end,
      duration_sec: seconds(this.#startedAt),
      billable_sec: this.#answeredAt === null ? 0 : seconds(this.#answeredAt),
      disposition,
      last_application: 'Dial',
    };
  }

  views(): Channel[] {
    return [this.#inside, this.#outside]
      .filter((leg) => leg !== null)
      .map((leg) => ({
        uniqueid: leg.uniqueid,
        linkedid: this.linkedid,
        channel: leg.channel,
        kind: leg.kind,
        endpoint: leg.endpoint,
        state: this.answered ? 'Up' : 'Ringing',
        caller: leg.kind === 'trunk' ? this.plan.number : this.plan.extension,
        connected: leg.kind === 'trunk' ? this.plan.extension : this.plan.number,
        context: leg.kind === 'trunk' ? 'from-trunk' : 'inoffice',
        exten: leg.kind === 'trunk' ? this.plan.extension : this.plan.number,
        application: this.answered ? 'Dial' : 'AppDial',
        seconds: Math.round((this.#now() - this.#startedAt) / 1_000),
        bridge: this.#bridge,
      }));
  }

  #leg(kind: Leg['kind'], callId?: string): Leg {
    const id = `${Math.floor(this.#now() / 1_000)}.${this.#number()}`;
    const endpoint = kind === 'trunk' ? this.plan.trunk : this.plan.extension;
    const tail = this.#number().toString(16).padStart(8, '0');
    return {
      uniqueid: callId ? `${callId}-${id}` : id,
      channel: `PJSIP/${endpoint}-${tail}`,
      kind,
      endpoint,
    };
  }

  /** A colleague's phone or the carrier. */
  #called(): Leg {
    const { number } = this.plan;
    const leg = this.#leg('trunk');
    if (!/^[0-9]{3,4}$/.test(number)) return leg;
    return {
      ...leg,
      kind: 'extension',
      endpoint: number,
      channel: leg.channel.replace(this.plan.trunk, number),
    };
  }

  #fact(leg: Leg) {
    return { pbx: PBX, linkedid: this.linkedid, ...leg };
  }

  #open(leg: Leg, callId?: string): void {
    const incoming = this.plan.direction === 'in' && leg.kind === 'trunk';
    this.#tell({
      ...this.#fact(leg),
      what: 'new',
      caller: incoming ? this.plan.number : this.plan.extension,
      context: incoming ? 'from-trunk' : 'inoffice',
      exten: incoming ? this.plan.extension : this.plan.number,
      ...(callId && { call_id: callId }),
    });
  }

  #rings(from: Leg, to: Leg, dialled: string): void {
    this.#tell({
      ...this.#fact(from),
      what: 'dial',
      dest_uniqueid: to.uniqueid,
      dest_channel: to.channel,
      dest_kind: to.kind,
      dest_endpoint: to.endpoint,
      dialled,
    });
  }

  #gone(leg: Leg, cause: number, last: boolean): void {
    if (this.#bridge) this.#tell({ ...this.#fact(leg), what: 'leave', bridge: this.#bridge });
    this.#tell({ ...this.#fact(leg), what: 'gone', cause, cause_text: CAUSES[cause] ?? '', last });
  }
}

const CAUSES: Record<number, string> = {
  16: 'Normal Clearing',
  17: 'User busy',
  19: 'User alerting, no answer',
  34: 'No circuit/channel available',
};
