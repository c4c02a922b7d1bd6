import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { LineState, Me, Readiness } from './line-model';

export const LINE_STATE: Record<LineState, { text: () => string; tone: BadgeTone }> = {
  off: { text: m.line_off, tone: 'neutral' },
  line: { text: m.line_on, tone: 'ok' },
  paused: { text: m.line_paused, tone: 'warn' },
};

export const READINESS: Record<Readiness, { text: () => string; tone: BadgeTone }> = {
  free: { text: m.line_phone_free, tone: 'ok' },
  busy: { text: m.line_phone_busy, tone: 'accent' },
  away: { text: m.line_phone_away, tone: 'neutral' },
};

/** Whose deed the state is, unless it is the operator's own; null: their own, or nothing is known. */
export function whoChanged(
  { cause, actor, state }: Pick<Me, 'cause' | 'actor' | 'state'>,
  userId: string | undefined,
): string | null {
  if (cause === 'rule') return m.line_by_rule();
  if (cause === 'telephony') return m.line_by_telephony();
  if (cause !== 'asked' || actor === null || actor === userId) return null;
  return state === 'off' ? m.line_off_by_other() : m.line_by_other();
}
