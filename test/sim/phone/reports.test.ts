import { describe, expect, it } from 'vitest';
import { afterReport, extendedReport, legacyReport, type Attempt, type CallOutcome } from './reports.ts';

const call: CallOutcome = {
  commandId: '0b54f3a2-6a3f-4f43-9d0e-0f6a3c1e5d11',
  status: 'connected',
  startedAt: Date.UTC(2026, 10, 15, 10, 30),
  talkedSec: 42,
};
const extended: Attempt = { payload: 'extended', retries: 0 };

describe('a report of a call', () => {
  it('says the same in both payloads, the extended one more', () => {
    expect(legacyReport(call)).toEqual({
      call_request_id: call.commandId,
      call_status: 'connected',
      call_started_at: '2026-11-15T10:30:00.000Z',
      call_duration_seconds: 42,
    });
    expect(extendedReport(call)).toMatchObject({
      ...legacyReport(call),
      call_ended_at: '2026-11-15T10:30:42.000Z',
    });
  });

  it.each([401, 403, 404, 429])('is lost on %s', (status) => {
    expect(afterReport(extended, status)).toEqual({ next: 'lost' });
  });

  it.each([400, 415, 422])('is sent once more as legacy on %s', (status) => {
    const next = afterReport(extended, status);
    expect(next).toEqual({ next: 'again', payload: 'legacy', retries: 0, delayed: false });
    expect(afterReport({ payload: 'legacy', retries: 0 }, status)).toEqual({ next: 'lost' });
  });

  it.each([0, 500, 503])('is retried 3 times on %s', (status) => {
    let attempt: Attempt = extended;
    let sent = 1;
    for (
      let after = afterReport(attempt, status);
      after.next === 'again';
      after = afterReport(attempt, status)
    ) {
      attempt = after;
      sent += 1;
    }
    expect(sent).toBe(4);
  });
});
