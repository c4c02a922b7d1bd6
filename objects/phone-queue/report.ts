/** What a phone's report makes of what is known already: pure, repeatable, in any order. */
import type { CallResult, ReportInput } from './contract';

/**
 * The result after a report; null when the report says nothing new. Absent and null fields clear nothing, `unknown`
 * never overwrites a definite status, a call's end follows from its start and duration when the phone gives none.
 */
export function mergeResult(known: CallResult | null, report: ReportInput): CallResult | null {
  const definite = known !== null && known.status !== 'unknown';
  const status = report.status === 'unknown' && definite ? known.status : report.status;
  const startedAt = report.startedAt ?? known?.startedAt ?? null;
  const durationSec = report.durationSec ?? known?.durationSec ?? null;
  const reckoned = startedAt !== null && durationSec !== null ? startedAt + durationSec * 1000 : null;
  // An end reckoned from an earlier report's numbers must follow the newer ones.
  const saidNow = report.startedAt != null || report.durationSec != null;
  const merged: CallResult = {
    status,
    direction: report.direction ?? known?.direction ?? null,
    method: report.method ?? known?.method ?? null,
    source: report.source ?? known?.source ?? null,
    startedAt,
    endedAt:
      report.endedAt ?? (saidNow ? (reckoned ?? known?.endedAt) : (known?.endedAt ?? reckoned)) ?? null,
    durationSec,
    attempts: report.attempts ?? known?.attempts ?? null,
    resolveReason: report.resolveReason ?? known?.resolveReason ?? null,
    reasonIfUnknown: report.reasonIfUnknown ?? known?.reasonIfUnknown ?? null,
  };
  return known !== null && sameResult(known, merged) ? null : merged;
}

const FIELDS = [
  'status',
  'direction',
  'method',
  'source',
  'startedAt',
  'endedAt',
  'durationSec',
  'attempts',
  'resolveReason',
  'reasonIfUnknown',
] as const satisfies readonly (keyof CallResult)[];

const sameResult = (a: CallResult, b: CallResult): boolean => FIELDS.every((field) => a[field] === b[field]);
