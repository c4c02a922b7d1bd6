import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { QueueMember, SpyMode, Trunk } from './model';

export const trunkName: Record<Trunk['state'], () => string> = {
  OK: m.pbx_trunk_ok,
  WARN: m.pbx_trunk_warn,
  DOWN: m.pbx_trunk_down,
};

export const trunkTone: Record<Trunk['state'], BadgeTone> = { OK: 'ok', WARN: 'warn', DOWN: 'bad' };

/** Worst first. */
export const trunkUrgency = (trunk: Trunk): number => ({ DOWN: 0, WARN: 1, OK: 2 })[trunk.state];

/** Asterisk's own words for the state of a device, in the reader's language; others show as they are. */
const statuses: Record<string, () => string> = {
  'Not in use': m.pbx_device_free,
  'In use': m.pbx_device_in_use,
  Busy: m.pbx_device_busy,
  Ringing: m.pbx_device_ringing,
  'Ring+Inuse': m.pbx_device_ringing,
  'On Hold': m.pbx_device_on_hold,
  Unavailable: m.pbx_device_unavailable,
  Invalid: m.pbx_device_invalid,
};

export const queueStatus = (status: string): string => statuses[status]?.() ?? status;

export function memberTone({ status, in_call }: Pick<QueueMember, 'status' | 'in_call'>): BadgeTone {
  if (in_call || status === 'In use' || status === 'Busy') return 'accent';
  if (status === 'Unavailable' || status === 'Invalid') return 'bad';
  return status === 'Not in use' ? 'ok' : 'warn';
}

const strategies: Record<string, () => string> = {
  ringall: m.pbx_strategy_ringall,
  rrmemory: m.pbx_strategy_rrmemory,
  leastrecent: m.pbx_strategy_leastrecent,
  fewestcalls: m.pbx_strategy_fewestcalls,
  random: m.pbx_strategy_random,
  linear: m.pbx_strategy_linear,
};

export const strategyName = (strategy: string): string => strategies[strategy]?.() ?? strategy;

const dispositions: Record<string, { text: () => string; tone: BadgeTone }> = {
  ANSWERED: { text: m.outcome_answered, tone: 'ok' },
  'NO ANSWER': { text: m.outcome_no_answer, tone: 'neutral' },
  BUSY: { text: m.outcome_busy, tone: 'warn' },
  FAILED: { text: m.outcome_failed, tone: 'bad' },
  CONGESTION: { text: m.pbx_congestion, tone: 'bad' },
};

/** Asterisk's word for how a row of the CDR ended. */
export const disposition = (word: string): { text: string; tone: BadgeTone } => {
  const known = dispositions[word];
  return known ? { text: known.text(), tone: known.tone } : { text: word, tone: 'neutral' };
};

export const spyName: Record<SpyMode, () => string> = {
  listen: m.pbx_listen,
  whisper: m.pbx_whisper,
  barge: m.pbx_barge,
};

export const spyHint: Record<SpyMode, () => string> = {
  listen: m.pbx_listen_hint,
  whisper: m.pbx_whisper_hint,
  barge: m.pbx_barge_hint,
};
