/**
 * A bridge with nothing behind it but inventions: one PBX, two phones, one hub. It is what screens and routes are
 * tried against where no Asterisk and no phone can be had; no screen shows it as anything but a simulator.
 */
import { createHash } from 'node:crypto';
import type { BridgeEvent } from '../../../bridge/protocol/events.ts';
import type { Agent } from '../../../bridge/protocol/messages.ts';
import { hostReading, hubReadings } from './host.ts';
import { enrol, type Identity } from './identity.ts';
import { SimulatedPbx } from './pbx.ts';
import { PBX, TRUNK, type PbxCall } from './pbx-calls.ts';
import { SimulatedSlots } from './slots.ts';
import { BridgeSpeaker, type SpeakerLine } from './speaker.ts';
import type { Stage, Upload } from './stage.ts';

export const AGENT: Agent = {
  version: '0.1.0-simulated',
  host: 'simulated-bridge',
  platform: 'simulator',
  node: process.versions.node,
};

export interface WorldOptions {
  url: string;
  identity: Identity;
  /** How long calls ring and talk, ms; absent: nothing happens until it is told to. */
  play?: { ringMs: number; talkMs: number };
  /** Length of every recording, seconds. */
  recordingSec?: number;
  onLine?: (line: SpeakerLine) => void;
}

export class World implements Stage {
  readonly speaker: BridgeSpeaker;
  readonly pbx: SimulatedPbx;
  readonly slots: SimulatedSlots;
  readonly recordingSec: number;
  readonly identity: Identity;
  readonly #play: WorldOptions['play'];
  readonly #timers = new Set<NodeJS.Timeout>();
  #beat = 0;

  constructor({ url, identity, play, recordingSec = 6, onLine }: WorldOptions) {
    this.#play = play;
    this.recordingSec = recordingSec;
    this.identity = identity;
    this.pbx = new SimulatedPbx(this);
    this.slots = new SimulatedSlots(this);
    this.speaker = new BridgeSpeaker({
      url,
      identity,
      agent: AGENT,
      config: {
        pbx: [
          {
            name: PBX,
            trunks: [TRUNK, 'trunk-reserve'],
            contexts: ['inoffice'],
            modules: ['app_queue.so'],
            recordings: true,
          },
        ],
        slots: true,
      },
      handlers: { ...this.pbx.handlers, ...this.slots.handlers },
      readings: () => this.#readings(),
      announce: () => {
        this.pbx.announce();
        this.slots.announce();
      },
      ...(onLine && { onLine }),
    });
  }

  /** Enrols a new bridge by its one-time code and connects it. */
  static async enrolled(url: string, code: string, options: Partial<WorldOptions> = {}): Promise<World> {
    const world = new World({ ...options, url, identity: await enrol(url, code, AGENT) });
    await world.speaker.connect();
    return world;
  }

  now(): number {
    // The parts ask for the time before there is a tunnel, too.
    return this.speaker?.now() ?? Date.now();
  }

  emit(event: BridgeEvent): void {
    this.speaker.emit(event);
  }

  /** A line for the bridge's page. */
  log(level: 'info' | 'warn' | 'error', text: string): void {
    this.emit({ kind: 'bridge.log', data: { level, part: 'asterisk', text } });
  }

  /** Runs a job after a while unless the world has stopped. */
  later(ms: number, job: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      job();
    }, ms);
    this.#timers.add(timer);
  }

  /** Uploads a file from where the edge has it already. @throws Error when the edge's checksum differs */
  async upload(about: Upload, bytes: Buffer): Promise<void> {
    const stream = this.speaker.newStream();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { upload, offset, done } = await this.speaker.ask('upload.begin', {
      ...about,
      size: bytes.byteLength,
      sha256,
      stream,
    });
    if (done) return;
    await this.speaker.sendBytes(stream, bytes, offset);
    const { ok } = await this.speaker.ask('upload.end', { upload });
    if (!ok) throw new Error(`${about.key}: the edge has another checksum`);
  }

  newStream(): number {
    return this.speaker.newStream();
  }

  sendBytes(stream: number, bytes: Uint8Array): Promise<void> {
    return this.speaker.sendBytes(stream, bytes);
  }

  /** What becomes of an originated call: the last digits of its number decide, 17 is busy, 19 answers nothing. */
  playPbxCall(call: PbxCall): void {
    if (!this.#play) return;
    const { ringMs, talkMs } = this.#play;
    const end = (): void => void this.pbx.end(call, endOf(call.plan.number)).catch(() => undefined);
    this.later(ringMs, () => call.live && call.dial());
    this.later(ringMs * 2, () => {
      if (!call.live) return;
      if (endOf(call.plan.number) !== 'ANSWERED') return end();
      call.answer();
      this.later(talkMs, end);
    });
  }

  playSlotCall(slot: string, number: string): void {
    if (!this.#play) return;
    const { ringMs, talkMs } = this.#play;
    this.later(ringMs, () => {
      const how = endOf(number);
      if (how !== 'ANSWERED')
        return this.slots.progress(slot, 'ended', how === 'BUSY' ? 'busy' : 'no_answer');
      this.slots.progress(slot, 'active');
      this.later(talkMs, () => this.slots.progress(slot, 'ended'));
    });
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.speaker.close();
  }

  #readings() {
    this.#beat += 1;
    return {
      at: this.now(),
      host: hostReading(this.#beat),
      hubs: hubReadings(this.slots.phones),
      slots: this.slots.readings(),
    };
  }
}

const endOf = (number: string): 'ANSWERED' | 'BUSY' | 'NO ANSWER' =>
  number.endsWith('17') ? 'BUSY' : number.endsWith('19') ? 'NO ANSWER' : 'ANSWERED';
