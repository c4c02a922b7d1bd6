/** The slots part alone, without a tunnel: what it tells is kept, what it sends is collected. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { parseConfig, type SlotsConfig } from '../../../bridge/config.ts';
import { Refusal, type Ask, type BridgeServices } from '../../../bridge/part.ts';
import { BridgeEvent, type BridgeEventKind, type BridgeEventOf } from '../../../bridge/protocol/events.ts';
import {
  BRIDGE_VERBS,
  type BridgeVerb,
  type EdgeArgs,
  type ParsedArgs,
  type VerbArgs,
  type VerbResult,
} from '../../../bridge/protocol/verbs.ts';
import { createSlots, type SlotsPart } from '../../../bridge/slots/index.ts';

export interface Picture {
  begin: EdgeArgs<'upload.begin'>;
  bytes: Buffer;
}

export class SlotsBench {
  readonly events: BridgeEvent[] = [];
  readonly log: string[] = [];
  readonly streams = new Map<number, Buffer>();
  readonly pictures: Picture[] = [];
  readonly stateDir = mkdtempSync(join(tmpdir(), 'trunkline-slots-'));
  readonly #config: SlotsConfig;
  part: SlotsPart;
  #streams = 0;
  /** Events before this are of a process that is gone. */
  #begin = 0;
  online = true;

  constructor(settings: Partial<SlotsConfig>) {
    const { slots } = parseConfig('edge = "http://127.0.0.1:1"\nstate_dir = "."\n[slots]\n', '/');
    if (!slots) throw new Error('no slots in the configuration');
    this.#config = { ...slots, ...settings };
    this.part = createSlots(this.#config, this.#services());
  }

  start(): void {
    this.part.start();
    this.part.announce?.();
  }

  async stop(): Promise<void> {
    await this.part.stop();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  /** Another process on the same state: what a bridge that was restarted is. */
  async restart(): Promise<void> {
    await this.part.stop();
    this.#begin = this.events.length;
    this.part = createSlots(this.#config, this.#services());
    this.start();
  }

  async ask<V extends BridgeVerb>(verb: V, args: VerbArgs<V>, signal?: AbortSignal): Promise<VerbResult<V>> {
    const handler = this.part.handlers[verb];
    if (!handler) throw new Error(`no handler of ${verb}`);
    const parsed = BRIDGE_VERBS[verb].args.parse(args) as ParsedArgs<V>;
    const ask: Ask = {
      id: randomUUID(),
      signal: signal ?? AbortSignal.timeout(BRIDGE_VERBS[verb].deadlineMs),
      deadline: Date.now() + BRIDGE_VERBS[verb].deadlineMs,
      progress: () => undefined,
    };
    const result = await (handler as (args: ParsedArgs<V>, ask: Ask) => Promise<VerbResult<V>>)(parsed, ask);
    return BRIDGE_VERBS[verb].result.parse(result) as VerbResult<V>;
  }

  /** The code with which a verb is refused, and its words. */
  async refusal<V extends BridgeVerb>(verb: V, args: VerbArgs<V>): Promise<string> {
    try {
      await this.ask(verb, args);
    } catch (error) {
      if (error instanceof Refusal) return `${error.code}: ${error.message}`;
      throw error;
    }
    throw new Error(`${verb} was not refused`);
  }

  of<K extends BridgeEventKind>(kind: K): BridgeEventOf<K>[] {
    return this.events
      .filter((event): event is Extract<BridgeEvent, { kind: K }> => event.kind === kind)
      .map(({ data }) => data as BridgeEventOf<K>);
  }

  /** What a slot was last said to be. */
  state(slot: string): BridgeEventOf<'slot.state'> | undefined {
    const event = this.events
      .slice(this.#begin)
      .findLast((event) => event.kind === 'slot.state' && event.data.slot === slot);
    return event?.kind === 'slot.state' ? event.data : undefined;
  }

  statuses(slot: string): string[] {
    const all = this.of('slot.state')
      .filter((data) => data.slot === slot)
      .map(({ status }) => status);
    return all.filter((status, index) => status !== all[index - 1]);
  }

  calls(slot: string): string[] {
    return this.of('slot.call')
      .filter((data) => data.slot === slot)
      .map(({ call_id, direction, number, state, outcome }) =>
        [
          call_id ?? `${direction} ${number ?? '?'}`,
          state,
          ...(state === 'ended' ? [String(outcome)] : []),
        ].join(' '),
      );
  }

  async until(slot: string, status: string, timeout = 15_000): Promise<void> {
    await vi.waitFor(
      () => {
        const now = this.state(slot)?.status;
        if (now !== status)
          throw new Error(`${slot} is ${now}, not ${status}; ${this.log.slice(-5).join('; ')}`);
      },
      { timeout, interval: 20 },
    );
  }

  /** Milliseconds until the slot has the status. */
  async timeUntil(slot: string, status: string): Promise<number> {
    const began = performance.now();
    await this.until(slot, status);
    return performance.now() - began;
  }

  #services(): BridgeServices {
    const write =
      (level: string) =>
      (text: string, fields: Record<string, unknown> = {}): void => {
        this.log.push(`${level} ${text} ${JSON.stringify(fields)}`);
      };
    const sizes = new Map<string, Picture>();
    return {
      log: { info: write('info'), warn: write('warn'), error: write('error') },
      now: () => Date.now(),
      emit: (event) => {
        this.events.push(BridgeEvent.parse(event));
      },
      ask: async (verb, args) => {
        if (!this.online) throw new Refusal('OFFLINE', 'no tunnel');
        const answer = (value: unknown): never => value as never;
        if (verb === 'upload.begin') {
          const begin = args as EdgeArgs<'upload.begin'>;
          const upload = String(begin.stream);
          sizes.set(upload, { begin, bytes: Buffer.alloc(0) });
          return answer({ upload, offset: 0, done: false });
        }
        const { upload } = args as EdgeArgs<'upload.end'>;
        const picture = sizes.get(upload);
        const bytes = this.streams.get(Number(upload)) ?? Buffer.alloc(0);
        const ok = createHash('sha256').update(bytes).digest('hex') === picture?.begin.sha256;
        if (ok && picture) this.pictures.push({ ...picture, bytes });
        return answer({ ok });
      },
      newStream: () => ++this.#streams,
      send: async (stream, offset, bytes) => {
        if (!this.online) throw new Refusal('OFFLINE', 'no tunnel');
        const chunks = [(this.streams.get(stream) ?? Buffer.alloc(0)).subarray(0, offset)];
        for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
        this.streams.set(stream, Buffer.concat(chunks));
      },
      online: async (signal) => {
        await vi.waitUntil(() => this.online || signal?.aborted, { timeout: 60_000, interval: 20 });
        signal?.throwIfAborted();
      },
      stateDir: this.stateDir,
    };
  }
}
