/**
 * A bridge with invented phones, at the other end of a real tunnel. Strict: everything it hears and says must fit the
 * protocol's schemas, fences are remembered, a command that comes again is not done again. What did not fit is in
 * `problems`, which a test expects to be empty.
 */
import type { BridgeErrorCode } from '../../../bridge/protocol/errors';
import type { BridgeEvent, BridgeEventOf } from '../../../bridge/protocol/events';
import { BridgeMessage, EdgeMessage } from '../../../bridge/protocol/messages';
import type { SlotStatus } from '../../../bridge/protocol/slots';
import {
  BRIDGE_VERBS,
  EDGE_VERBS,
  isBridgeVerb,
  type BridgeVerb,
  type EdgeArgs,
  type EdgeVerb,
} from '../../../bridge/protocol/verbs';
import type { BridgeRecord } from '../../../objects/bridge-link/contract';
import { linkOfRecord, TestBridge, type TestKey } from './bridge';

/** What the test makes of a request: a result, a refusal, or no answer at all. */
export type Reply = { result: unknown } | { refuse: BridgeErrorCode; message?: string } | { silent: true };
type Args = Record<string, unknown> & { slot?: string; fence?: number };
export interface Asked {
  id: string;
  verb: BridgeVerb;
  args: Args;
}

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3);

const RESULTS: Partial<Record<BridgeVerb, (args: Args) => unknown>> = {
  'slot.restart': () => ({}),
  'slot.reboot': () => ({}),
  'slot.call': () => ({}),
  'slot.hangup': () => ({ ended: true }),
  'script.stop': () => ({ stopped: true }),
  'script.run': (args) => ({ steps: (args.script as { steps: unknown[] }).steps.length }),
  'slot.shell': (args) => ({
    exit_code: 0,
    stdout: `ran ${(args.argv as string[]).join('|')}`,
    stderr: '',
    truncated: false,
    timed_out: false,
    ms: 7,
  }),
};

export class SlotBridge {
  readonly asked: Asked[] = [];
  readonly problems: string[] = [];
  /** Answers of this test, by verb; the default is that everything works. */
  readonly replies = new Map<BridgeVerb, (args: Args) => Reply>();
  readonly png = PNG;
  #tunnel: TestBridge | null = null;
  readonly #journal = crypto.randomUUID();
  #seq = 0;
  #stream = 0;
  readonly #unacked = new Map<number, BridgeEvent>();
  readonly #fences = new Map<string, number>();
  readonly #answers = new Map<string, unknown>();
  readonly #done = new Map<string, object>();

  private constructor(
    readonly record: BridgeRecord,
    private readonly key: TestKey,
  ) {}

  /** A connected bridge whose phones are ONLINE. */
  static async start(phones: readonly string[], record: BridgeRecord, key: TestKey): Promise<SlotBridge> {
    const bridge = new SlotBridge(record, key);
    await bridge.connect();
    bridge.emit({ kind: 'slot.list', data: { slots: [...phones] } });
    for (const phone of phones) bridge.status(phone, 'ONLINE');
    await bridge.stored();
    return bridge;
  }

  get link() {
    return linkOfRecord(this.record);
  }

  /** Connects (again); what was not acknowledged is told again. */
  async connect(): Promise<void> {
    const head = this.#seq;
    const tunnel = await TestBridge.dial(this.record, this.key);
    tunnel.onMessage = (message) => this.#heard(message);
    this.#tunnel = tunnel;
    await tunnel.hello({ journal: { id: this.#journal, head } });
    await tunnel.next('welcome');
    tunnel.keepAlive();
    for (const [seq, event] of this.#unacked) this.#say({ t: 'event', seq, at: Date.now(), event });
  }

  disconnect(): void {
    this.#tunnel?.hangUp();
    this.#tunnel = null;
  }

  /** Comes back when the edge has closed the tunnel meanwhile; a bridge that was told to go stays away. */
  async wake(): Promise<void> {
    if (this.#tunnel !== null && this.#tunnel.closed !== null) await this.connect();
  }

  emit(event: BridgeEvent): void {
    this.#seq += 1;
    this.#unacked.set(this.#seq, event);
    if (this.#tunnel !== null) this.#say({ t: 'event', seq: this.#seq, at: Date.now(), event });
  }

  status(slot: string, status: SlotStatus, more: Partial<BridgeEventOf<'slot.state'>> = {}): void {
    const about = { usb: '1-1.2', remedy: null, model: 'Phone X', android: '14', address: null };
    this.emit({ kind: 'slot.state', data: { slot, status, ...about, ...more } });
  }

  call(slot: string, data: Omit<BridgeEventOf<'slot.call'>, 'slot'>): void {
    this.emit({ kind: 'slot.call', data: { slot, ...data } });
  }

  say(message: BridgeMessage): void {
    this.#say(message);
  }

  /** Every event so far is stored at the edge. */
  async stored(): Promise<void> {
    await until(
      () => this.#unacked.size === 0,
      () => `${this.#unacked.size} events are not acknowledged`,
    );
  }

  /** The `n`th request of a verb, as soon as it is there. */
  async nth(verb: BridgeVerb, n = 0): Promise<Asked> {
    const found = (): Asked | undefined => this.of(verb)[n];
    await until(
      () => found() !== undefined,
      () => `no ${verb} ${n}: ${JSON.stringify(this.asked)}`,
    );
    return found() as Asked;
  }

  of(verb: BridgeVerb): Asked[] {
    return this.asked.filter((one) => one.verb === verb);
  }

  /** Answers a request that was left without an answer. */
  answer(asked: Asked, reply: Exclude<Reply, { silent: true }>): void {
    this.#answer(asked, reply);
  }

  /** Sends a file to the edge, in one frame. */
  async upload(file: Omit<EdgeArgs<'upload.begin'>, 'stream'>): Promise<void> {
    this.#stream += 1;
    const stream = this.#stream;
    const begun = await this.#ask('upload.begin', { ...file, stream });
    const { upload } = EDGE_VERBS['upload.begin'].result.parse(begun);
    this.#tunnel?.frame({ stream, offset: 0, last: true, payload: PNG });
    const ended = EDGE_VERBS['upload.end'].result.parse(await this.#ask('upload.end', { upload }));
    if (!ended.ok) throw new Error('the checksum of what arrived differs');
  }

  async #ask(verb: EdgeVerb, args: unknown): Promise<unknown> {
    const id = crypto.randomUUID();
    this.#say({ t: 'req', id, verb, args, deadline: Date.now() + 10_000 });
    await until(
      () => this.#answers.has(id),
      () => `no answer to ${verb}`,
    );
    return this.#answers.get(id);
  }

  #heard(message: unknown): void {
    const parsed = EdgeMessage.safeParse(message);
    if (!parsed.success) return void this.problems.push(`heard ${JSON.stringify(message)}`);
    const heard = parsed.data;
    if (heard.t === 'ack')
      for (const seq of this.#unacked.keys()) if (seq <= heard.seq) this.#unacked.delete(seq);
    if (heard.t === 'unknown') this.problems.push(`not understood: ${heard.of} ${heard.message}`);
    if (heard.t === 'res') this.#answers.set(heard.id, heard.ok ? heard.result : heard.error);
    if (heard.t !== 'req') return;
    const { id, verb } = heard;
    if (!isBridgeVerb(verb)) return void this.problems.push(`asked ${verb}`);
    const args = BRIDGE_VERBS[verb].args.safeParse(heard.args);
    if (!args.success) return void this.problems.push(`${verb} with ${JSON.stringify(heard.args)}`);
    const known = this.#done.get(id);
    if (known !== undefined) return this.#say({ t: 'res', id, ...known } as BridgeMessage);
    const asked: Asked = { id, verb, args: args.data };
    this.asked.push(asked);
    const fenced = this.#fenced(asked.args);
    if (fenced) return this.#answer(asked, { refuse: 'FENCED', message: 'an older fence' });
    const reply = this.replies.get(verb)?.(asked.args) ?? this.#usual(verb, asked.args);
    if (!('silent' in reply)) this.#answer(asked, reply);
  }

  #fenced({ slot, fence }: Args): boolean {
    if (slot === undefined || fence === undefined) return false;
    const newest = this.#fences.get(slot) ?? 0;
    if (fence < newest) return true;
    this.#fences.set(slot, fence);
    return false;
  }

  #usual(verb: BridgeVerb, args: Args): Reply {
    if (verb === 'slot.screen') {
      this.#stream += 1;
      return { result: { stream: this.#stream, size: PNG.byteLength } };
    }
    const result = RESULTS[verb];
    return result === undefined ? { refuse: 'UNKNOWN_VERB' } : { result: result(args) };
  }

  #answer({ id, verb }: Asked, reply: Exclude<Reply, { silent: true }>): void {
    const body =
      'result' in reply
        ? { ok: true, result: BRIDGE_VERBS[verb].result.parse(reply.result) }
        : { ok: false, error: { code: reply.refuse, message: reply.message ?? 'refused by the test' } };
    if (BRIDGE_VERBS[verb].effect) this.#done.set(id, body);
    this.#say({ t: 'res', id, ...body } as BridgeMessage);
    if (verb === 'slot.screen' && 'result' in reply) {
      const { stream } = reply.result as { stream: number };
      this.#tunnel?.frame({ stream, offset: 0, last: true, payload: PNG });
    }
  }

  #say(message: BridgeMessage): void {
    const parsed = BridgeMessage.safeParse(message);
    if (!parsed.success) this.problems.push(`said ${JSON.stringify(message)}: ${parsed.error.message}`);
    this.#tunnel?.say(message);
  }
}

/** Waits for something that others bring about. */
export async function until(condition: () => boolean, problem: () => string): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(problem());
}
