import { beforeEach, describe, expect, it } from 'vitest';
import { FcmSim } from '../../../test/sim/fcm/fcm';
import { parseServiceAccount, type ServiceAccount } from '../../lib/service-account';
import { deliverPush, type PushDirectory } from './deliver';
import { sendToPhone } from './fcm';
import { GoogleTokens } from './google-token';

const WAKE = { type: 'CALL_COMMAND_AVAILABLE', reason: 'new_command' } as const;

let now: number;
let sim: FcmSim;
let account: ServiceAccount;
let parts: { fetcher: () => FcmSim['fetch']; tokens: GoogleTokens; now: () => number };

beforeEach(async () => {
  now = Date.parse('2026-11-15T10:00:00Z');
  sim = await FcmSim.create({ now: () => now });
  sim.phones.add('phone-1');
  const parsed = parseServiceAccount(sim.keyFile);
  if (!parsed.ok) throw new Error(parsed.problem);
  account = parsed.account;
  parts = {
    fetcher: () => sim.fetch,
    tokens: new GoogleTokens(
      () => sim.fetch,
      () => now,
    ),
    now: () => now,
  };
});

const send = (token = 'phone-1') => sendToPhone(parts, account, token, WAKE);

describe('sendToPhone', () => {
  it('signs in once and sends the data message with high priority', async () => {
    expect(await send()).toEqual({ kind: 'delivered' });
    expect(await send()).toEqual({ kind: 'delivered' });
    expect(sim.signIns).toBe(1);
    expect(sim.received[0]).toEqual({ token: 'phone-1', data: WAKE, priority: 'HIGH' });
  });

  it('signs in anew before its token ends, and when the token is refused', async () => {
    await send();
    now += 3_545_000;
    expect(await send()).toEqual({ kind: 'delivered' });
    expect(sim.signIns).toBe(2);
    sim.revokeTokens();
    expect(await send()).toEqual({ kind: 'delivered' });
    expect(sim.signIns).toBe(3);
  });

  it('gives up on a second 401 in a row', async () => {
    sim.faults.push({ status: 401 }, { status: 401 });
    expect(await send()).toEqual({ kind: 'failed', error: 'FCM answered 401 UNAUTHENTICATED' });
  });

  it('tells a phone that is gone from a message that is bad and a destination in trouble', async () => {
    expect(await send('nobody')).toMatchObject({ kind: 'gone' });
    sim.faults.push(
      { status: 403, errorCode: 'SENDER_ID_MISMATCH' },
      { status: 400, errorCode: 'INVALID_ARGUMENT' },
    );
    expect(await send()).toEqual({ kind: 'refused', error: 'FCM answered 403 SENDER_ID_MISMATCH' });
    expect(await send()).toEqual({ kind: 'refused', error: 'FCM answered 400 INVALID_ARGUMENT' });
    sim.faults.push(
      { status: 429, errorCode: 'QUOTA_EXCEEDED', retryAfter: '60' },
      { status: 503, retryAfter: new Date(now + 30_000).toUTCString() },
    );
    expect(await send()).toEqual({
      kind: 'failed',
      error: 'FCM answered 429 QUOTA_EXCEEDED',
      retryAfterMs: 60_000,
    });
    expect(await send()).toEqual({
      kind: 'failed',
      error: 'FCM answered 503 UNAVAILABLE',
      retryAfterMs: 30_000,
    });
  });

  it('reports a sign-in that Google refuses', async () => {
    const other = parseServiceAccount((await FcmSim.create()).keyFile);
    if (!other.ok) throw new Error(other.problem);
    const outcome = await sendToPhone(parts, other.account, 'phone-1', WAKE);
    expect(outcome).toEqual({ kind: 'failed', error: 'sign-in at Google failed with 400 (invalid_grant)' });
    sim.tokenFaults.push({ status: 503, retryAfter: '7' });
    expect(await send()).toMatchObject({ kind: 'failed', retryAfterMs: 7_000 });
  });
});

describe('deliverPush', () => {
  const directory = (token: string | null, configured = true) => {
    const dropped: string[] = [];
    const value: PushDirectory = {
      account: async () => (configured ? account : null),
      pushToken: async () => token,
      dropPushToken: async (id, gone) => void dropped.push(`${id} ${gone}`),
    };
    return { value, dropped };
  };
  it('drops the token of an unregistered phone', async () => {
    const { value, dropped } = directory('nobody');
    expect(await deliverPush({ ...parts, directory: value }, { key: 'd1', payload: WAKE })).toMatchObject({
      kind: 'gone',
    });
    expect(dropped).toEqual(['d1 nobody']);
  });
  it('skips what has nobody to go to', async () => {
    for (const { value } of [directory(null), directory('phone-1', false)]) {
      expect(await deliverPush({ ...parts, directory: value }, { key: 'd1', payload: WAKE })).toMatchObject({
        kind: 'skipped',
      });
    }
    expect(sim.sends).toBe(0);
  });
});

describe('parseServiceAccount', () => {
  it('takes the key file and nothing that only looks like it', () => {
    const edited = (change: object) =>
      parseServiceAccount(JSON.stringify({ ...JSON.parse(sim.keyFile), ...change }));
    expect(edited({}).ok).toBe(true);
    expect(edited({ token_uri: 'https://collector.example/token' })).toEqual({
      ok: false,
      problem: 'Not the key file of a Google service account: check token_uri.',
    });
    expect(edited({ project_id: '../other' }).ok).toBe(false);
    expect(edited({ type: 'authorized_user' }).ok).toBe(false);
    expect(parseServiceAccount('nonsense')).toEqual({ ok: false, problem: 'The key file is not JSON.' });
    expect(parseServiceAccount('null').ok).toBe(false);
  });
});
