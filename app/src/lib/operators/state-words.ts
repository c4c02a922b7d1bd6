/** Words of supervisors' pages: states, reasons, causes, what is forced. */
import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { BoardRow, ForceAction, LineState } from './model';

export const STATE: Record<LineState, { text: () => string; tone: BadgeTone }> = {
  line: { text: m.ops_state_line, tone: 'ok' },
  paused: { text: m.ops_state_paused, tone: 'warn' },
  off: { text: m.ops_state_off, tone: 'neutral' },
};

/** What the time-line and the board know a state's reason by; a rule's own word is ours to say. */
export const reasonText = (reason: string | null): string =>
  reason === null ? m.ops_no_reason() : reason === 'missed calls' ? m.ops_reason_missed() : reason;

export const ACTION: Record<
  ForceAction,
  { menu: () => string; title: (who: { name: string }) => string; text: () => string; act: () => string }
> = {
  pause: {
    menu: m.ops_force_pause,
    title: m.ops_force_pause_title,
    text: m.ops_force_pause_text,
    act: m.ops_force_pause_do,
  },
  resume: {
    menu: m.ops_force_resume,
    title: m.ops_force_resume_title,
    text: m.ops_force_resume_text,
    act: m.ops_force_resume_do,
  },
  sign_off: {
    menu: m.ops_force_off,
    title: m.ops_force_off_title,
    text: m.ops_force_off_text,
    act: m.ops_force_off_do,
  },
};

/** How a state came about. `actor`: the name of who asked; null where it is not known. */
export function causeText(
  cause: BoardRow['cause'],
  { actor, isSelf }: { actor: string | null; isSelf: boolean },
): string {
  switch (cause) {
    case null:
      return '';
    case 'telephony':
      return m.ops_cause_telephony();
    case 'rule':
      return m.ops_cause_rule();
    case 'asked':
      if (isSelf) return m.ops_cause_self();
      return actor === null ? m.ops_cause_asked() : m.ops_cause_actor({ name: actor });
  }
}

type Standing = NonNullable<BoardRow['queues'][number]['seen']>;

/** "on the line, priority 2", of what is wanted or seen in a queue. */
export function standingText(standing: Pick<Standing, 'connected' | 'paused' | 'priority'> | null): string {
  if (standing === null) return m.ops_standing_unknown();
  if (!standing.connected) return m.ops_state_off();
  const state = standing.paused ? m.ops_state_paused() : m.ops_state_line();
  return standing.priority === 0 ? state : m.ops_standing({ state, priority: standing.priority });
}
