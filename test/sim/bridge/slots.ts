import { setTimeout as delay } from 'node:timers/promises';
import { Refusal, type Handlers } from '../../../bridge/part.ts';
import type { BridgeEvent } from '../../../bridge/protocol/events.ts';
import type { SlotReading } from '../../../bridge/protocol/readings.ts';
import type { Script, ScriptStep, SlotStatus } from '../../../bridge/protocol/slots.ts';
import { png } from './media.ts';
import type { Stage } from './stage.ts';

/** One phone on a USB port. */
export interface SlotPhone {
  key: string;
  usb: string;
  model: string;
  status: SlotStatus;
  plugged: boolean;
  /** Newest fence seen; commands of an older one are refused. */
  fence: number;
  call: { id: string; number: string; answered: boolean } | null;
  run: { id: string; stop: AbortController } | null;
}

/** The phone with this number, from 1. */
const newPhone = (number: number): SlotPhone => ({
  key: `SIM${String(number).padStart(7, '0')}`,
  usb: `1-1.${number}`,
  model: `Simulated phone ${number}`,
  status: 'ONLINE',
  plugged: true,
  fence: 0,
  call: null,
  run: null,
});

export const newPhones = (): SlotPhone[] => [1, 2].map(newPhone);

/** The phones of a simulated bridge: they ring, talk, run scripts and answer commands, all of it invented. */
export class SimulatedSlots {
  readonly phones = newPhones();
  readonly #world: Stage;
  #shots = 0;

  constructor(world: Stage) {
    this.#world = world;
  }

  announce(): void {
    this.#world.emit({ kind: 'slot.list', data: { slots: this.phones.map(({ key }) => key) } });
    for (const phone of this.phones) this.#tell(phone);
  }

  /** Plugs further phones in, until there are as many. */
  grow(count: number): void {
    for (let number = this.phones.length + 1; number <= count; number += 1)
      this.phones.push(newPhone(number));
    this.announce();
  }

  /** Pulls the cable out of a phone, or puts it back. */
  plug(key: string, plugged: boolean): void {
    const phone = this.#phone(key);
    phone.plugged = plugged;
    phone.run?.stop.abort();
    this.#become(phone, plugged ? 'ONLINE' : 'OFFLINE');
  }

  /** A phone that asks whether this computer may debug it. */
  unauthorise(key: string): void {
    this.#become(this.#phone(key), 'UNAUTHORIZED');
  }

  readings(): SlotReading[] {
    return this.phones
      .filter(({ status }) => status === 'ONLINE' || status === 'BUSY')
      .map((phone, index): SlotReading => ({
        slot: phone.key,
        at: this.#world.now(),
        battery: 82 - index * 17,
        temperature: 31.5 + index * 6,
        signal: -84 - index * 9,
        network: 'Demo LTE',
        cpu: 14,
        ram: 58,
        storage: index === 0 ? 44 : null,
        latency_ms: 6,
        why: index === 0 ? NOTHING_MISSING : { storage: 'df answered nothing that could be read' },
      }));
  }

  /** The other end picks up, or the call ends, on a phone that rings or talks. */
  progress(key: string, state: 'active' | 'ended', outcome: SlotOutcome = 'answered'): void {
    const phone = this.#phone(key);
    const call = phone.call;
    if (!call) return;
    if (state === 'active') call.answered = true;
    else phone.call = null;
    this.#world.emit({
      kind: 'slot.call',
      data: {
        slot: key,
        call_id: call.id,
        direction: 'out',
        number: call.number,
        state,
        outcome: state === 'ended' ? outcome : null,
      },
    });
    if (state === 'ended') this.#become(phone, 'ONLINE');
  }

  readonly handlers: Handlers = {
    'slot.restart': async ({ slot, fence }) => {
      const phone = this.#held(slot, fence);
      this.#become(phone, 'RESTARTING');
      this.#world.later(700, () => this.#become(phone, 'ONLINE'));
      return {};
    },
    'slot.reboot': async ({ slot, fence }) => {
      const phone = this.#held(slot, fence);
      this.#become(phone, 'REBOOTING');
      this.#world.later(1_500, () => this.#become(phone, 'OFFLINE'));
      this.#world.later(3_000, () => this.#become(phone, 'ONLINE'));
      return {};
    },
    'slot.shell': async ({ slot, fence, argv }) => {
      this.#held(slot, fence);
      const answer = shell(argv);
      const truncated = answer.stdout.length > OUTPUT_LIMIT;
      const stdout = truncated ? `${answer.stdout.slice(0, OUTPUT_LIMIT)}\n[output cut]` : answer.stdout;
      return { ...answer, stdout, stderr: '', truncated, timed_out: false, ms: 8 };
    },
    'slot.screen': async ({ slot }) => {
      this.#ready(slot);
      const picture = this.#picture();
      const stream = this.#world.newStream();
      // The frames follow the answer that names their stream.
      setImmediate(() => void this.#world.sendBytes(stream, picture).catch(() => undefined));
      return { stream, size: picture.byteLength };
    },
    'slot.call': async ({ slot, fence, call_id, number }) => {
      const phone = this.#held(slot, fence);
      if (phone.call || phone.run) throw new Refusal('SLOT_BUSY', 'the phone has a call or a script already');
      phone.call = { id: call_id, number, answered: false };
      this.#become(phone, 'BUSY');
      this.#world.emit({
        kind: 'slot.call',
        data: { slot, call_id, direction: 'out', number, state: 'ringing', outcome: null },
      });
      this.#world.playSlotCall(slot, number);
      return {};
    },
    'slot.hangup': async ({ slot, fence, call_id }) => {
      const phone = this.#held(slot, fence);
      if (phone.call?.id !== call_id) return { ended: false };
      this.progress(slot, 'ended', phone.call.answered ? 'answered' : 'cancelled');
      return { ended: true };
    },
    'script.run': async ({ slot, fence, run_id, script, params }) => {
      const phone = this.#held(slot, fence);
      if (phone.call || phone.run) throw new Refusal('SLOT_BUSY', 'the phone has a call or a script already');
      phone.run = { id: run_id, stop: new AbortController() };
      this.#become(phone, 'BUSY');
      void this.#runScript(phone, run_id, script, params, phone.run.stop.signal);
      return { steps: script.steps.length };
    },
    'script.stop': async ({ run_id }) => {
      const phone = this.phones.find(({ run }) => run?.id === run_id);
      phone?.run?.stop.abort();
      return { stopped: phone !== undefined };
    },
  };

  async #runScript(
    phone: SlotPhone,
    runId: string,
    script: Script,
    params: Record<string, string>,
    stop: AbortSignal,
  ): Promise<void> {
    const tell = (step: number, state: StepState, ms: number | null, message: string | null): void =>
      this.#world.emit({ kind: 'script.step', data: { run_id: runId, step, state, ms, message } });
    let result: 'ok' | 'failed' | 'stopped' = 'ok';
    let message: string | null = null;
    for (const [index, step] of script.steps.entries()) {
      if (stop.aborted) result = 'stopped';
      if (result !== 'ok') {
        tell(index, 'skipped', null, null);
        continue;
      }
      const began = performance.now();
      tell(index, 'running', null, null);
      try {
        await this.#step(runId, index, step, stop);
        tell(index, 'ok', Math.round(performance.now() - began), saidOf(step, params));
      } catch (cause) {
        result = stop.aborted ? 'stopped' : 'failed';
        message = stop.aborted ? null : cause instanceof Error ? cause.message : String(cause);
        tell(index, 'failed', Math.round(performance.now() - began), message ?? 'stopped');
      }
    }
    phone.run = null;
    this.#world.emit({ kind: 'script.end', data: { run_id: runId, slot: phone.key, result, message } });
    if (phone.plugged) this.#become(phone, 'ONLINE');
  }

  async #step(runId: string, index: number, step: ScriptStep, stop: AbortSignal): Promise<void> {
    if (step.do === 'wait') return delay(step.ms, undefined, { signal: stop });
    if (step.do === 'screenshot') return this.#keepScreenshot(runId, index);
    const target =
      step.do === 'tap_on' || step.do === 'wait_for' || step.do === 'assert' ? step.target : null;
    // An element that says so in its name is never on a simulated screen.
    if (target && Object.values(target).includes('missing'))
      throw new Error(`no element ${JSON.stringify(target)} on the screen`);
    await delay(40, undefined, { signal: stop });
  }

  async #keepScreenshot(runId: string, step: number): Promise<void> {
    const key = `screenshot/${runId}/${step}.png`;
    await this.#world.upload(
      { key, kind: 'screenshot', type: 'image/png', run_id: runId, step },
      this.#picture(),
    );
  }

  #picture(): Buffer {
    this.#shots += 1;
    return png(360, 720, this.#shots);
  }

  #become(phone: SlotPhone, status: SlotStatus): void {
    phone.status = status;
    this.#tell(phone);
  }

  #tell({ key, usb, status, model }: SlotPhone): void {
    const remedy =
      status === 'UNAUTHORIZED' ? 'Unlock the phone and allow USB debugging on its screen.' : null;
    const data = { slot: key, usb, status, remedy, model, android: '14', address: null };
    this.#world.emit({ kind: 'slot.state', data } satisfies BridgeEvent);
  }

  #phone(key: string): SlotPhone {
    const phone = this.phones.find((one) => one.key === key);
    if (!phone) throw new Refusal('NOT_FOUND', `no slot ${key} here`);
    return phone;
  }

  #ready(key: string): SlotPhone {
    const phone = this.#phone(key);
    if (phone.status !== 'ONLINE' && phone.status !== 'BUSY')
      throw new Refusal('SLOT_OFFLINE', `the phone is ${phone.status}`);
    return phone;
  }

  #held(key: string, fence: number): SlotPhone {
    const phone = this.#phone(key);
    if (fence < phone.fence) throw new Refusal('FENCED', `fence ${fence} is older than ${phone.fence}`);
    phone.fence = fence;
    return this.#ready(key);
  }
}

const NOTHING_MISSING: Record<string, string> = {};

export type SlotOutcome = 'answered' | 'no_answer' | 'busy' | 'rejected' | 'failed' | 'cancelled';
type StepState = 'running' | 'ok' | 'failed' | 'skipped';

/** Characters of a command's output that are kept. */
const OUTPUT_LIMIT = 64 * 1_024;

/** Answers a few commands as a phone would, and says of the rest that they are unknown. */
function shell(argv: readonly string[]): { exit_code: number; stdout: string } {
  const line = argv.join(' ');
  if (line === 'getprop ro.product.model') return { exit_code: 0, stdout: 'Simulated phone\n' };
  if (line === 'dumpsys battery') return { exit_code: 0, stdout: '  level: 82\n  temperature: 315\n' };
  if (argv[0] === 'input' || argv[0] === 'am' || argv[0] === 'svc') return { exit_code: 0, stdout: '' };
  if (argv[0] === 'logcat') return { exit_code: 0, stdout: 'I/Simulated: line\n'.repeat(5_000) };
  return { exit_code: 127, stdout: `/system/bin/sh: ${argv[0] ?? ''}: not found\n` };
}

const saidOf = (step: ScriptStep, params: Record<string, string>): string | null =>
  step.do === 'text' ? step.text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => params[name] ?? '') : null;
