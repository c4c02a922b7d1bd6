import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { Enrolment, EnrolmentResult } from './enrolment-api';

type Shown = { text: () => string; tone: BadgeTone };

export const ENROLMENT_STATE: Record<Enrolment['state'], Shown> = {
  running: { text: m.enrol_state_running, tone: 'accent' },
  done: { text: m.enrol_state_done, tone: 'ok' },
  halted: { text: m.enrol_state_halted, tone: 'bad' },
  stopped: { text: m.enrol_state_stopped, tone: 'neutral' },
};

/** In the order in which they are of interest. */
export const ENROLMENT_RESULT: Record<EnrolmentResult, Shown> = {
  failed: { text: m.enrol_result_failed, tone: 'bad' },
  added: { text: m.enrol_result_added, tone: 'ok' },
  already: { text: m.enrol_result_already, tone: 'neutral' },
  gone: { text: m.enrol_result_gone, tone: 'warn' },
  pending: { text: m.enrol_result_pending, tone: 'neutral' },
};
export const RESULTS = Object.keys(ENROLMENT_RESULT) as EnrolmentResult[];

/** Why somebody is not in telephony: our words for what is ours, telephony's own for the rest. */
export function problemText({ code, message }: { code: string; message: string }): string {
  switch (code) {
    case 'NO_EXTENSION':
      return m.enrol_problem_no_extension();
    case 'NO_AGENT':
      return m.enrol_problem_no_agent();
    case 'CHANGED_MEANWHILE':
      return m.enrol_problem_changed();
    case 'NOT_SUPPORTED':
      return m.enrol_problem_unsupported();
    case 'TELEPHONY_UNAVAILABLE':
      return `${m.enrol_problem_unavailable()} ${message}`;
    default:
      return `${code}: ${message}`;
  }
}
