/** Lines of the log that also go to the bridge's page, few enough not to bury what matters. */
import type { BridgeEvent } from './protocol/events.ts';
import { describeFields, type LogLine } from './log.ts';

/** Lines at once, and how fast more become allowed: a fault that repeats must not fill the journal. */
const BURST = 60;
const PER_SECOND = 0.5;

/** @param monotonic ms */
export function createPageLog(
  emit: (event: BridgeEvent) => void,
  monotonic: () => number,
): (line: LogLine) => void {
  let tokens = BURST;
  let at = monotonic();
  let left = 0;
  let emitting = false;
  return ({ level, part, text, fields }) => {
    // A line about the telling itself would tell itself again.
    if (emitting) return;
    const now = monotonic();
    tokens = Math.min(BURST, tokens + ((now - at) / 1_000) * PER_SECOND);
    at = now;
    if (tokens < 1) {
      left += 1;
      return;
    }
    tokens -= 1;
    const more = describeFields(fields);
    const full = `${text}${more === '' ? '' : `: ${more}`}${left === 0 ? '' : ` (${left} lines before left out)`}`;
    left = 0;
    emitting = true;
    try {
      emit({ kind: 'bridge.log', data: { level, part: part.slice(0, 40), text: full.slice(0, 500) } });
    } finally {
      emitting = false;
    }
  };
}
