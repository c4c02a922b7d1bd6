import Globe from '@lucide/svelte/icons/globe';
import Hand from '@lucide/svelte/icons/hand';
import ListChecks from '@lucide/svelte/icons/list-checks';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import Server from '@lucide/svelte/icons/server';
import Timer from '@lucide/svelte/icons/timer';
import type { Component } from 'svelte';
import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { PipelineStatus, RunStep, Schedule, Severity, StepKind } from './model';

export const statusName: Record<PipelineStatus, () => string> = {
  idle: m.pipe_status_idle,
  running: m.pipe_status_running,
  waiting: m.pipe_status_waiting,
  ok: m.pipe_status_ok,
  failed: m.pipe_status_failed,
  cancelled: m.pipe_status_cancelled,
};
export const statusTone: Record<PipelineStatus, BadgeTone> = {
  idle: 'neutral',
  running: 'accent',
  waiting: 'warn',
  ok: 'ok',
  failed: 'bad',
  cancelled: 'neutral',
};

export const stepStateName: Record<RunStep['state'], () => string> = {
  pending: m.pipe_step_pending,
  running: m.pipe_status_running,
  retrying: m.pipe_step_retrying,
  approval: m.pipe_status_waiting,
  ok: m.pipe_status_ok,
  failed: m.pipe_status_failed,
  skipped: m.pipe_step_skipped,
  cancelled: m.pipe_status_cancelled,
};
export const stepStateTone: Record<RunStep['state'], BadgeTone> = {
  pending: 'neutral',
  running: 'accent',
  retrying: 'warn',
  approval: 'warn',
  ok: 'ok',
  failed: 'bad',
  skipped: 'neutral',
  cancelled: 'neutral',
};

export const kindName: Record<StepKind, () => string> = {
  http: m.pipe_kind_http,
  script: m.pipe_kind_script,
  bridge: m.pipe_kind_bridge,
  reload: m.pipe_kind_reload,
  wait: m.pipe_kind_wait,
  approval: m.pipe_kind_approval,
};
export const kindIcon: Record<StepKind, Component<{ size?: number }>> = {
  http: Globe,
  script: ListChecks,
  bridge: Server,
  reload: RefreshCw,
  wait: Timer,
  approval: Hand,
};

export const severityName: Record<Severity, () => string> = {
  info: m.pipe_info,
  warning: m.pipe_warning,
  error: m.pipe_error,
};
export const severityTone: Record<Severity, BadgeTone> = { info: 'neutral', warning: 'warn', error: 'bad' };

/** Names of the days, Monday first, in the reader's language. */
export function dayNames(locale: string, style: 'short' | 'long' = 'short'): string[] {
  const format = new Intl.DateTimeFormat(locale, { weekday: style, timeZone: 'UTC' });
  // 1 January 2024 was a Monday.
  return Array.from({ length: 7 }, (_, day) => format.format(Date.UTC(2024, 0, 1 + day)));
}

/** A schedule in words. */
export function scheduleText(schedule: Schedule, locale: string): string {
  if (schedule.kind === 'every') return m.pipe_every_minutes({ count: schedule.minutes });
  const times = schedule.times.join(', ');
  if (schedule.days.length === 7) return m.pipe_daily({ times });
  const names = dayNames(locale);
  const days = [...schedule.days]
    .sort((a, b) => a - b)
    .map((day) => names[day - 1] ?? '')
    .join(', ');
  return m.pipe_on_days({ days, times });
}

/** Who started a run: a person, or the schedule. */
export const starter = (by: string): string => (by === 'schedule' ? m.pipe_by_schedule() : by);
