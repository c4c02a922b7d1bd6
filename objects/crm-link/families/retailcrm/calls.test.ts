import { describe, expect, it } from 'vitest';
import type { CrmRecord, CrmResult } from '../../../call-hub/crm/contract';
import type { CrmReply, FamilyLink } from '../family';
import { callRequest, dateIn, judgeCall } from './calls';

const link = (more: Partial<FamilyLink> = {}): FamilyLink => ({
  tenantId: '0101',
  url: 'https://demo.retailcrm.example',
  secret: 'k',
  options: {},
  zone: 'Europe/Moscow',
  users: new Map([['101', '11']]),
  registered: true,
  recordingUrl: (_, recordingId) => `https://pbx.example/${recordingId}`,
  ...more,
});
const at = Date.UTC(2026, 0, 31, 21, 30, 5);
const call = {
  callId: 'c_1',
  externalId: '1.1',
  direction: 'in',
  phone: '+375290000001',
  trunk: '0001001',
} as const;
const record = (more: Partial<CrmRecord> = {}): CrmRecord => ({
  kind: 'record',
  id: 'c_1/1',
  n: 1,
  at,
  call,
  startedAt: at,
  endedAt: at + 70_000,
  durationSec: 60,
  waitingSec: 10,
  result: 'answered',
  extension: '101',
  talkers: ['101'],
  recordingId: null,
  recovered: false,
  ...more,
});
const reply = (status: number | null, body?: unknown): CrmReply => ({
  status,
  body,
  error: status === null ? 'no way' : null,
});

function rowOf(given: CrmRecord, more: Partial<FamilyLink> = {}): Record<string, unknown> {
  const request = callRequest(given, link(more));
  if ('skip' in request) throw new Error(request.skip);
  const [row] = JSON.parse(new URLSearchParams(request.body).get('calls') ?? '[]') as Record<
    string,
    unknown
  >[];
  return row ?? {};
}

describe('a row of the history', () => {
  it('is dated on the clock of the account, also over midnight and in summer', () => {
    expect(rowOf(record()).date).toBe('2026-02-01 00:30:05');
    expect(dateIn(Date.UTC(2026, 6, 1, 0, 0, 0), 'Europe/Warsaw')).toBe('2026-07-01 02:00:00');
    expect(dateIn(Date.UTC(2026, 0, 1, 0, 0, 0), 'UTC')).toBe('2026-01-01 00:00:00');
  });

  it('names nobody who is not known, and the user where he is', () => {
    expect(rowOf(record({ extension: null }))).not.toHaveProperty('code');
    expect(rowOf(record({ extension: '150' }))).toMatchObject({ code: '150' });
    expect(rowOf(record({ extension: '150' }))).not.toHaveProperty('userId');
    expect(rowOf(record())).toMatchObject({ code: '101', userId: 11 });
  });

  it('has the line, the site, the tenant’s prefix and the recording where they are set', () => {
    const options = {
      lines: { '0001001': '+375000000009' },
      site: 'shop',
      prefixIds: true,
    };
    expect(rowOf(record({ recordingId: 'r1' }), { options })).toMatchObject({
      externalPhone: '+375000000009',
      site: 'shop',
      externalId: '0101-1.1',
      recordUrl: 'https://pbx.example/r1',
    });
    expect(rowOf(record({ recordingId: 'r1' }), { recordingUrl: () => null })).not.toHaveProperty(
      'recordUrl',
    );
    expect(rowOf(record())).not.toHaveProperty('recordUrl');
    const elsewhere = { recordUrl: 'https://records.example/1.wav' };
    expect(rowOf(record(elsewhere))).toMatchObject(elsewhere);
    expect(rowOf(record({ ...elsewhere, recordingId: 'r1' }))).toMatchObject({
      recordUrl: 'https://pbx.example/r1',
    });
    expect(rowOf(record(elsewhere), { options: { noRecordings: true } })).not.toHaveProperty('recordUrl');
  });

  it.each<[CrmResult, string]>([
    ['answered', 'answered'],
    ['no_answer', 'no answer'],
    ['cancelled', 'no answer'],
    ['busy', 'busy'],
    ['rejected', 'busy'],
    ['failed', 'failed'],
  ])('says of %s: %s', (result, word) => {
    expect(rowOf(record({ result })).result).toBe(word);
  });

  it('counts talk only of answered calls, and what is left where the answer was not seen', () => {
    expect(rowOf(record({ result: 'no_answer', durationSec: 0, waitingSec: 70 }))).toMatchObject({
      duration: 0,
      durationWaiting: 70,
    });
    expect(rowOf(record({ durationSec: null }))).toMatchObject({ duration: 60, durationWaiting: 10 });
  });
});

describe('what an answer means', () => {
  const limit = { success: false, errorMsg: 'Rate limit exceeded' };
  it.each<[string, CrmReply, string]>([
    ['a success', reply(200, { success: true, duplicateCalls: [] }), 'delivered'],
    ['a duplicate', reply(200, { success: true, duplicateCalls: ['1.1'] }), 'delivered'],
    ['a 200 that says no', reply(200, { success: false }), 'failed'],
    ['a page', reply(200), 'failed'],
    ['nothing', reply(null), 'failed'],
    ['500', reply(500), 'failed'],
    ['503 of a proxy', reply(503), 'failed'],
    ['503 of the limit', reply(503, limit), 'limited'],
    ['429', reply(429, limit), 'limited'],
    ['400', reply(400, { success: false, errorMsg: 'Telephony not enabled' }), 'refused'],
    ['404', reply(404), 'refused'],
    ['401', reply(401, {}), 'rejected'],
    ['403', reply(403, {}), 'rejected'],
    ['a redirect', reply(302), 'failed'],
  ])('%s', (_, given, kind) => {
    expect(judgeCall(record(), link(), given).kind).toBe(kind);
  });

  it('knows a duplicate and names the fields the CRM did not like', () => {
    expect(judgeCall(record(), link(), reply(200, { success: true, duplicateCalls: ['1.1'] }))).toEqual({
      kind: 'delivered',
      duplicate: true,
    });
    const errors = { 'calls[0].date': 'bad' };
    expect(
      judgeCall(
        record(),
        link(),
        reply(400, { success: false, errorMsg: 'Errors in the entity format', errors }),
      ),
    ).toEqual({
      kind: 'refused',
      error: '400: Errors in the entity format (calls[0].date: bad)',
    });
  });
});
