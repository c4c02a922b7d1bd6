/** How a call ended that nobody heard ending: as the PBX's own CDR rows have it. */
import type { CdrRow } from '../../bridge/protocol/events';
import type { LegSet } from './pbx/legs';
import type { CallReading } from './pbx/reading';

const OUTCOMES: Readonly<Record<string, 'no_answer' | 'busy' | 'failed'>> = {
  'NO ANSWER': 'no_answer',
  BUSY: 'busy',
  FAILED: 'failed',
  CONGESTION: 'failed',
};

/**
 * The reading with its end corrected by the rows; the same one where they don't tell. Only rows with two channels
 * count, one of them the customer's: a greeting or the operator's own phone is "ANSWERED" as well.
 */
export function correctByCdr(
  reading: CallReading,
  rows: readonly CdrRow[],
  legs: LegSet | null,
): CallReading {
  if (!reading.ending || reading.ending.evidence === 'reported') return reading;
  const trunks = Object.values(legs?.legs ?? {}).flatMap((leg) => (leg.kind === 'trunk' ? leg.name : []));
  const told = rows.filter(
    (row) =>
      row.channel !== '' &&
      row.dest_channel !== '' &&
      (trunks.length === 0 || trunks.includes(row.channel) || trunks.includes(row.dest_channel)),
  );
  const answered = told.filter((row) => row.disposition === 'ANSWERED' && row.answer !== null);
  const longest = answered.reduce<CdrRow | null>(
    (best, row) => (best && best.billable_sec >= row.billable_sec ? best : row),
    null,
  );
  if (longest?.answer != null) {
    const answeredAt = reading.answeredAt ?? longest.answer;
    const ending = {
      evidence: 'reported',
      endAt: Math.max(longest.end, answeredAt),
      outcome: 'answered',
      talkSec: longest.billable_sec,
    } as const;
    return { ...reading, answeredAt, ending, finalAt: ending.endAt };
  }
  const outcome = OUTCOMES[told.at(-1)?.disposition ?? ''];
  if (outcome === undefined || reading.answeredAt !== null) return reading;
  const endAt = Math.max(...told.map((row) => row.end), reading.startAt);
  return {
    ...reading,
    ending: { evidence: 'reported', endAt, outcome, talkSec: 0 },
    finalAt: endAt,
  };
}
