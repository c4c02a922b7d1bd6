import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { Run, RunStep } from '#lib/slots/model.js';
import type { Problem } from './problems';
import { isStepKind, type StepKind, type TargetKind } from './step-kinds';

const kindNames: Record<StepKind, () => string> = {
  intent: m.scripts_kind_intent,
  tap: m.scripts_kind_tap,
  tap_on: m.scripts_kind_tap_on,
  swipe: m.scripts_kind_swipe,
  text: m.scripts_kind_text,
  key: m.scripts_kind_key,
  wait: m.scripts_kind_wait,
  wait_for: m.scripts_kind_wait_for,
  wait_call: m.scripts_kind_wait_call,
  assert: m.scripts_kind_assert,
  screenshot: m.scripts_kind_screenshot,
  shell: m.scripts_kind_shell,
};

/** What a step does; a kind of a newer server shows as it is. */
export const kindName = (kind: string): string => (isStepKind(kind) ? kindNames[kind]() : kind);

const fieldNames: Record<string, () => string> = {
  action: m.scripts_field_action,
  data: m.scripts_field_data,
  package: m.scripts_field_package,
  component: m.scripts_field_component,
  extras: m.scripts_field_extras,
  x: m.scripts_field_x,
  y: m.scripts_field_y,
  target: m.scripts_field_target,
  within_ms: m.scripts_field_within,
  from: m.scripts_field_from,
  to: m.scripts_field_to,
  ms: m.scripts_field_ms,
  text: m.scripts_field_text,
  key: m.scripts_field_key,
  absent: m.scripts_field_absent,
  name: m.scripts_field_name,
  argv: m.scripts_field_argv,
  state: m.scripts_field_state,
};
export const fieldName = (field: string): string => fieldNames[field]?.() ?? field;

const template = () => m.scripts_hint_template({ example: '{{number}}' });

const fieldHints: Record<string, () => string> = {
  data: template,
  text: template,
  argv: m.scripts_hint_argv,
  extras: m.scripts_hint_extras,
  key: m.scripts_hint_key,
  component: m.scripts_hint_component,
  'screenshot.name': m.scripts_hint_shot_name,
};
export const fieldHint = (kind: string, field: string): string | null =>
  (fieldHints[`${kind}.${field}`] ?? fieldHints[field])?.() ?? null;

export const targetName: Record<TargetKind, () => string> = {
  text: m.scripts_target_text,
  id: m.scripts_target_id,
  desc: m.scripts_target_desc,
};

const callStates: Record<string, () => string> = {
  idle: m.scripts_call_idle,
  ringing: m.scripts_call_ringing,
  offhook: m.scripts_call_offhook,
  active: m.scripts_call_active,
};
export const callStateName = (state: string): string => callStates[state]?.() ?? state;

const paramTypes: Record<string, () => string> = {
  phone: m.scripts_type_phone,
  text: m.scripts_type_text,
  integer: m.scripts_type_integer,
};
export const paramTypeName = (type: string): string => paramTypes[type]?.() ?? type;

/** A problem in words; the server's are in its own. */
export function problemText({ kind, detail }: Problem): string {
  switch (kind) {
    case 'missing':
      return m.scripts_bad_missing();
    case 'low':
      return m.scripts_bad_low({ limit: detail });
    case 'high':
      return m.scripts_bad_high({ limit: detail });
    case 'form':
      return m.scripts_bad_form();
    case 'target':
      return m.scripts_bad_target();
    case 'unknown_fields':
      return m.scripts_bad_unknown({ names: detail });
    case 'no_param':
      return m.scripts_bad_no_param({ name: detail });
    case 'same_name':
      return m.scripts_bad_same_name();
    case 'said':
      return detail;
  }
}

export const runStatusName: Record<Run['status'], () => string> = {
  executing: m.scripts_run_executing,
  ok: m.scripts_run_ok,
  failed: m.scripts_run_failed,
  stopped: m.scripts_run_stopped,
};
export const runStatusTone: Record<Run['status'], BadgeTone> = {
  executing: 'accent',
  ok: 'ok',
  failed: 'bad',
  stopped: 'neutral',
};

export const stepStateName: Record<RunStep['state'], () => string> = {
  waiting: m.scripts_step_waiting,
  running: m.scripts_step_running,
  ok: m.scripts_step_ok,
  failed: m.scripts_step_failed,
  skipped: m.scripts_step_skipped,
};
export const stepStateTone: Record<RunStep['state'], BadgeTone> = {
  waiting: 'neutral',
  running: 'accent',
  ok: 'ok',
  failed: 'bad',
  skipped: 'neutral',
};
