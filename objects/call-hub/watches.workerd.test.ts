import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, expect, it, vi } from 'vitest';
import { startInput } from '../../test/worker/support/bridge-events';
import { hubOf, seedTenant } from '../../test/worker/support/call-hub';
import { CallWatches } from './watches';
import type { CallWatchEvent } from './watch-contract';

beforeAll(seedTenant);

it('tells the newest of each watched call until it is taken, and of no other', async () => {
  const hub = hubOf('watched');
  const now = Date.now();
  await hub.watchCall({ callId: 'c_watched', campaignId: 'cmp_1', now });
  await vi.waitFor(() => hub.startCall(startInput({ callId: 'c_other', source: 'slot' })));
  await runInDurableObject(hub, async (_, { storage: { sql } }) => {
    const told: CallWatchEvent[] = [];
    let isAway = true;
    const watches = new CallWatches(sql, (campaignId, events) => {
      expect(campaignId).toBe('cmp_1');
      if (isAway) return Promise.reject(new Error('away'));
      told.push(...events);
      return Promise.resolve();
    });
    const [row] = sql
      .exec<{ record: string }>("SELECT record FROM calls WHERE call_id = 'c_other'")
      .toArray();
    const call = { ...JSON.parse(row?.record ?? '{}'), callId: 'c_watched' } as Parameters<
      typeof watches.changed
    >[0];
    watches.changed(call);
    const ringing = { ...call, marks: { ...call.marks, ringing: { at: now, by: 'slot' } } };
    watches.changed(ringing);
    expect(await watches.drain()).toBe(false);
    expect(watches.waiting).toBe(true);
    isAway = false;
    // Another life goes on with what the one before it left.
    const next = new CallWatches(sql, (_id, events) => {
      told.push(...events);
      return Promise.resolve();
    });
    expect(await next.drain()).toBe(true);
    expect(told).toMatchObject([{ callId: 'c_watched', status: 'ringing', outcome: null }]);
    next.changed(ringing);
    expect(next.waiting).toBe(false);
  });
});
