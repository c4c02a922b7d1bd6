import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { all, hubOf, PBX_TOKEN, seedTenant, TENANT } from '../../test/worker/support/call-hub';
import { send } from '../../test/worker/support/dialer';

beforeAll(seedTenant);

let seq = 0;
let uniqueId = '';
beforeEach(() => {
  seq += 1;
  uniqueId = `1760000900.${seq}`;
});

const raw = (more: Record<string, unknown> = {}) => ({
  Phone: `37529000${String(seq).padStart(4, '0')}`,
  Extensions: ['101'],
  CallType: 0,
  CallStatus: '2',
  DateReceived: '2025-10-09 11:53:20',
  StartTime: '2025-10-09 11:53:20',
  EndTime: '2025-10-09 11:54:20',
  Trunk: '0002001',
  ...more,
});
const dispatch = (more: Record<string, unknown> = {}) =>
  send('POST', '/dispatch/call-event', {
    body: { token: PBX_TOKEN, uniqueId, event_type: 'hangup', raw: raw(), ...more },
  });
const TAKEN = { status: 200, json: { success: true } };
const REPEAT = { status: 200, json: { status: 'ignored', reason: 'duplicate' } };
const calls = async () => (await hubOf(TENANT).feed({ viewer: all, recent: 50 })).calls;

describe('POST /dispatch/call-event', () => {
  it('makes a call of what was read from a journal, once', async () => {
    const before = (await calls()).length;
    expect(await dispatch({ origin: 'download' })).toMatchObject(TAKEN);
    expect(await dispatch({ origin: 'download' })).toMatchObject(REPEAT);
    // Told by the host itself a moment ago, in other words.
    expect(await dispatch({ raw: JSON.stringify(raw({ CallType: '0' })) })).toMatchObject(REPEAT);
    const now = await calls();
    expect(now).toHaveLength(before + 1);
    expect(now[0]).toMatchObject({ direction: 'in', number: `+${raw().Phone}`, status: 'ended' });
  });

  it('knows what came the other way, and takes a dial that rings somebody else or goes another way', async () => {
    const body = { ...raw(), UniqueId: uniqueId, Token: PBX_TOKEN };
    expect((await send('POST', '/asterisk/dial', { body })).status).toBe(200);
    const dial = (more: Record<string, unknown>) => dispatch({ event_type: 'DIAL', raw: raw(more) });
    expect(await dial({ ExtPhone: 'x' })).toMatchObject(REPEAT);
    expect(await dial({ Extensions: ['101', '102'] })).toMatchObject(TAKEN);
    expect(await dial({ Trunk: '0002002' })).toMatchObject(TAKEN);
    expect(await dial({ Trunk: '0002002', ExtPhone: 'x' })).toMatchObject(REPEAT);
    expect(await dispatch()).toMatchObject(TAKEN);
  });

  it('takes it again when its time is over', async () => {
    const hub = hubOf(TENANT);
    const body = (n: number) => ({ ...raw({ n }), UniqueId: uniqueId });
    const at = (receivedAt: number, n: number) =>
      hub.ingestPbx({ event: 'hangup', body: body(n), receivedAt, windowMs: 300_000 });
    const now = Date.now();
    expect(await at(now, 1)).toEqual({ ok: true });
    expect(await at(now + 299_999, 2)).toEqual({ ok: true, duplicate: true });
    expect(await at(now + 300_000, 3)).toEqual({ ok: true });
  });

  it('is 404 for who proves nothing, be it with a number that a tenant has', async () => {
    for (const token of ['999', '', TENANT, undefined])
      expect(await dispatch({ token })).toMatchObject({
        status: 404,
        json: { error: expect.stringContaining('Nobody has this token') as string },
      });
  });

  it.each([
    ['an event of another kind', { event_type: 'start' }],
    ['no event', { event_type: 5 }],
    ['no body of the event', { raw: undefined }],
    ['a list for a body', { raw: [] }],
    ['a text that is no JSON', { raw: 'Phone=1' }],
    ['no channel', { uniqueId: '' }],
  ])('is 400 for %s', async (_, more) => {
    expect(await dispatch(more)).toMatchObject({
      status: 400,
      json: { error: expect.any(String) as string },
    });
  });

  it('is 400 for what is no object, 413 for what is too large and 405 for another method', async () => {
    const post = (text: string) => send('POST', '/dispatch/call-event', { raw: text });
    expect((await post('[]')).status).toBe(400);
    expect((await post(JSON.stringify({ raw: 'x'.repeat(70_000) }))).status).toBe(413);
    expect(await send('GET', '/dispatch/call-event')).toMatchObject({
      status: 405,
      json: { error: expect.any(String) as string },
    });
  });
});
