/** What clients see of what a bridge's object knows. */
import type { z } from '@hono/zod-openapi';
import type { SlotReading } from '../../bridge/protocol/readings';
import type { ScriptRun, SlotCommand, SlotState } from '../../objects/bridge-link/contract';
import { quoteCommand } from './command-line';
import type { NameOf } from './people';
import type { CommandBody, SlotBody, SlotDetailBody, SlotMetrics } from './schema';
import type { RunBody } from './script-schema';

export const iso = (at: number): string => new Date(at).toISOString();
export const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** Whole seconds since a reading was taken; the clocks of two machines never make it negative. */
export const ageSec = (at: number, now: number): number => Math.max(0, Math.round((now - at) / 1_000));

/** `14h32m`, as clients of old know it; days are hours too. */
export function uptimeText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

const NEVER = 'the bridge has not told a reading of this phone yet';

/** A slot's newest reading with its age, every field null and explained where there is none. */
export function metricsView(reading: SlotReading | null, now: number): z.infer<typeof SlotMetrics> {
  const fields = ['battery', 'temperature', 'signal', 'cpu', 'ram', 'storage', 'latency_ms'] as const;
  if (reading === null) {
    return {
      battery: null,
      temperature: null,
      signal: null,
      cpu: null,
      ram: null,
      storage: null,
      latency_ms: null,
      at: null,
      age_sec: null,
      why: Object.fromEntries(fields.map((field) => [field, NEVER])),
    };
  }
  const { battery, temperature, signal, cpu, ram, storage, latency_ms, at, why } = reading;
  return {
    battery,
    temperature,
    signal,
    cpu,
    ram,
    storage,
    latency_ms,
    at: iso(at),
    age_sec: ageSec(at, now),
    why,
  };
}

interface Seen {
  bridge: { id: string; name: string };
  nameOf: NameOf;
  now: number;
}

export function slotView(slot: SlotState, { bridge, nameOf, now }: Seen): z.infer<typeof SlotBody> {
  return {
    id: slot.id,
    status: slot.status,
    device: slot.model ?? slot.key,
    label: slot.label,
    user: nameOf(slot.userId),
    trunk: slot.trunk,
    last_activity: isoOrNull(slot.lastActivity),
    metrics: metricsView(slot.reading, now),
    bridge: { id: bridge.id, name: bridge.name },
    serial: slot.key,
    usb: slot.usb,
    remedy: slot.remedy,
    idle_since: isoOrNull(slot.idleSince),
    holder: slot.holder && {
      kind: slot.holder.kind,
      id: slot.holder.id,
      user: nameOf(slot.holder.userId),
      until: isoOrNull(slot.holderUntil),
    },
    call_id: slot.callId,
  };
}

/** As one slot's page shows it; `38C` and `82%` are the form that clients of old know. */
export function slotDetailView(slot: SlotState, seen: Seen): z.infer<typeof SlotDetailBody> {
  const { reading } = slot;
  return {
    ...slotView(slot, seen),
    temperature: reading?.temperature == null ? null : `${Math.round(reading.temperature)}C`,
    battery: reading?.battery == null ? null : `${Math.round(reading.battery)}%`,
    last_event: slot.lastEvent,
    config: slot.config,
    network: reading?.network ?? null,
    address: slot.address,
    model: slot.model,
    android: slot.android,
  };
}

export function commandView(command: SlotCommand, nameOf: NameOf): z.infer<typeof CommandBody> {
  return {
    command_id: command.commandId,
    slot: command.slotId,
    command: quoteCommand(command.argv),
    argv: command.argv,
    user: nameOf(command.userId),
    status: command.status,
    exit_code: command.exitCode,
    output: command.stdout,
    error_output: command.stderr,
    truncated: command.truncated,
    timed_out: command.timedOut,
    took_ms: command.tookMs,
    started_at: iso(command.startedAt),
    ended_at: isoOrNull(command.endedAt),
    error: command.error,
  };
}

export function runView(run: ScriptRun, nameOf: NameOf): z.infer<typeof RunBody> {
  const begun = run.steps.some(({ state }) => state !== 'waiting');
  return {
    script_id: run.runId,
    script: run.script,
    slot: run.slotId,
    params: run.params,
    user: nameOf(run.userId),
    status: run.status,
    current_step: begun ? run.step + 1 : 0,
    step_count: run.steps.length,
    steps: run.steps.map((step, index) => ({
      n: index + 1,
      do: step.do,
      state: step.state,
      ms: step.ms,
      message: step.message,
      screenshot:
        step.screenshot === null ? null : `/api/gacs/runs/${run.runId}/steps/${index + 1}/screenshot`,
    })),
    error: run.error,
    started_at: iso(run.startedAt),
    ended_at: isoOrNull(run.endedAt),
  };
}
