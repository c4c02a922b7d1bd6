import { Refusal, type Handlers } from '../../../bridge/part.ts';
import type { TrunkView } from '../../../bridge/protocol/pbx.ts';
import { wav } from './media.ts';
import { PBX, PbxCall, TRUNK } from './pbx-calls.ts';
import { SimulatedQueues } from './pbx-queues.ts';
import type { Stage } from './stage.ts';

export type CallEnd = 'ANSWERED' | 'BUSY' | 'NO ANSWER' | 'FAILED';

const DIAL_STATUS = {
  ANSWERED: 'ANSWER',
  BUSY: 'BUSY',
  'NO ANSWER': 'NOANSWER',
  FAILED: 'CONGESTION',
} as const;

/** An Asterisk with two trunks, two queues and as many calls as are asked for; all of it invented. */
export class SimulatedPbx {
  readonly calls = new Map<string, PbxCall>();
  readonly queues: SimulatedQueues;
  readonly #world: Stage;
  #ami: 'up' | 'down' = 'up';
  #refusal: string | null = null;
  #number = 0;

  constructor(world: Stage) {
    this.#world = world;
    this.queues = new SimulatedQueues(world);
  }

  announce(): void {
    this.#tellState();
    for (const trunk of this.trunks()) this.#world.emit({ kind: 'pbx.trunk', data: trunk });
    this.#world.emit({
      kind: 'pbx.sync',
      data: { pbx: PBX, uniqueids: this.#channels().map((c) => c.uniqueid) },
    });
    this.queues.announce();
  }

  /** Asterisk's events stop or come back. */
  setAmi(state: 'up' | 'down'): void {
    this.#ami = state;
    this.#tellState();
  }

  /** Refuses every originate with these words, until they are null. */
  refuse(words: string | null): void {
    this.#refusal = words;
  }

  trunks(): TrunkView[] {
    const lastCheck = this.#world.now();
    return [
      {
        pbx: PBX,
        name: TRUNK,
        state: 'OK',
        reason: null,
        registration: 'Registered',
        endpoint: 'Not in use',
        failed: 1,
        last_check: lastCheck,
      },
      {
        pbx: PBX,
        name: 'trunk-reserve',
        state: 'DOWN',
        reason: 'the carrier rejected the registration',
        registration: 'Rejected',
        endpoint: 'Unavailable',
        failed: 4,
        last_check: lastCheck,
      },
    ];
  }

  /** Somebody rings in and an extension rings. */
  incoming(number: string, extension: string): PbxCall {
    const call = this.#call({ direction: 'in', number, extension, trunk: TRUNK });
    call.dial();
    return call;
  }

  /** Ends a call the way `how` says, writes its CDR and, of an answered one, uploads its recording. */
  async end(call: PbxCall, how: CallEnd = call.answered ? 'ANSWERED' : 'NO ANSWER'): Promise<void> {
    if (!call.live) return;
    call.end(DIAL_STATUS[how]);
    this.calls.delete(call.linkedid);
    const cdr = call.cdr(how);
    this.#world.emit({ kind: 'pbx.cdr', data: cdr });
    if (how !== 'ANSWERED') return;
    await this.#world.upload(
      {
        key: `recording/${PBX}/${call.linkedid}.wav`,
        kind: 'recording',
        type: 'audio/wav',
        pbx: PBX,
        uniqueid: call.linkedid,
        linkedid: call.linkedid,
      },
      wav(this.#world.recordingSec),
    );
  }

  get handlers(): Handlers {
    const { handlers } = this.queues;
    const listed: Handlers['pbx.queues'] = async (args, ask) => {
      this.#listening();
      return (await handlers['pbx.queues']?.(args, ask)) ?? { queues: [] };
    };
    return { ...this.#own, ...handlers, 'pbx.queues': listed };
  }

  readonly #own: Handlers = {
    'pbx.originate': async ({ call_id, from, to, trunk = TRUNK }) => {
      this.#listening();
      if (trunk !== TRUNK && trunk !== 'trunk-reserve')
        throw new Refusal('FORBIDDEN', `trunk ${trunk} is not in the configuration`);
      if (this.#refusal !== null) throw new Refusal('PBX_REFUSED', this.#refusal);
      const call = this.#call({ direction: 'out', number: to, extension: from, trunk, callId: call_id });
      this.#world.playPbxCall(call);
      return { pbx: PBX, uniqueid: call.linkedid, linkedid: call.linkedid };
    },
    'pbx.hangup': async ({ linkedid }) => {
      const call = this.calls.get(linkedid);
      const channels = call?.views().length ?? 0;
      if (call) void this.end(call).catch(() => undefined);
      return { channels };
    },
    'pbx.redirect': async ({ linkedid, to }) => {
      const call = this.calls.get(linkedid);
      if (!call) throw new Refusal('NOT_FOUND', `no channel of ${linkedid}`);
      const channel = call.move(to);
      if (channel === null) throw new Refusal('PBX_REFUSED', 'the call has no outside party');
      return { channel };
    },
    'pbx.spy': async ({ by, extension }) => {
      const call = [...this.calls.values()].find((one) => one.answered && one.plan.extension === extension);
      if (!call) throw new Refusal('NOT_FOUND', `extension ${extension} is in no call`);
      const spied = call.views().find(({ kind }) => kind === 'extension')?.channel ?? '';
      return { uniqueid: `${Math.floor(this.#world.now() / 1_000)}.${this.#next()}`, spied: spied || by };
    },
    'pbx.channels': async () => {
      this.#listening();
      return { channels: this.#channels() };
    },
    'pbx.endpoints': async () => ({
      endpoints: ['101', '102', '103'].map((name) => ({
        name,
        state: name === '103' ? 'Unavailable' : 'Not in use',
        channels: 0,
        contacts:
          name === '103' ? [] : [{ uri: `sip:${name}@192.0.2.10`, status: 'Reachable', rtt_ms: 14.2 }],
      })),
    }),
    'pbx.trunks': async () => ({ trunks: this.trunks() }),
    'pbx.reload': async ({ module }) => {
      if (module !== 'app_queue.so') throw new Refusal('FORBIDDEN', `${module} is not in the configuration`);
      return { output: `Module '${module}' reloaded successfully.` };
    },
    'pbx.status': async () => ({
      pbx: [
        {
          name: PBX,
          version: VERSION,
          uptime_sec: 86_400,
          ssh: 'up',
          ami: this.#ami,
          calls: this.calls.size,
          error: this.#ami === 'up' ? null : DOWN,
        },
      ],
    }),
  };

  #call(plan: PbxCall['plan']): PbxCall {
    const call = new PbxCall(plan, {
      tell: (fact) => this.#world.emit({ kind: 'pbx.channel', data: fact }),
      now: () => this.#world.now(),
      number: () => this.#next(),
    });
    this.calls.set(call.linkedid, call);
    return call;
  }

  #channels() {
    return [...this.calls.values()].flatMap((call) => call.views());
  }

  #listening(): void {
    if (this.#ami === 'down') throw new Refusal('PBX_OFFLINE', DOWN);
  }

  #tellState(): void {
    const error = this.#ami === 'up' ? null : DOWN;
    const data = { pbx: PBX, ssh: 'up', ami: this.#ami, version: VERSION, error } as const;
    this.#world.emit({ kind: 'pbx.state', data });
  }

  #next(): number {
    this.#number += 1;
    return this.#number;
  }
}

const VERSION = 'Asterisk 22 (simulated)';
const DOWN = 'AMI on 127.0.0.1:5038: connection refused';
