import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  campaignObject,
  command,
  newCampaign,
  newLeadNumber,
  progress,
  ring,
  run,
} from '../../test/worker/support/campaign';
import { as, items, ONE, seedPeople, text, USERS } from '../../test/worker/support/dialer';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled, soon } from '../../test/worker/support/slot-rows';
import { openDb } from '../db';
import { extensions } from '../db/schema';

let bridge: SlotBridge;
beforeAll(async () => {
  await seedPeople();
  await openDb(env.DB)
    .insert(extensions)
    .values([{ id: 'x150', tenantId: ONE, number: '150', userId: USERS.op12, createdAt: 1 }]);
  await env.CALL_HUB.getByName(ONE).directoryChanged();
  bridge = await enrolled(['A1']);
});
afterAll(() => {
  expect(bridge.problems).toEqual([]);
  bridge.disconnect();
});

const agent = (user: 'op12' | 'op13', deed: string, body?: Record<string, unknown>) =>
  as(user, 'POST', `/api/autodialer/agent/${deed}`, body === undefined ? {} : { body });
const sessionOf = async (user: 'op12' | 'op13') =>
  (await as(user, 'GET', '/api/autodialer/agent')).json.session;

describe('a campaign through Asterisk', () => {
  it('rings the agent’s extension, then the lead, and takes what the PBX tells of the call', async () => {
    bridge.replies.set('pbx.originate', () => ({
      result: { pbx: 'main', uniqueid: '1.1', linkedid: '1.1' },
    }));
    const [one, two] = [newLeadNumber(), newLeadNumber()];
    const id = await newCampaign({ via: 'pbx', trunk: 'trunk-a', wrap_up_seconds: 0, retry: {} });
    await run(id, [one, two]);
    await agent('op12', 'join', { campaign_id: id });
    await agent('op12', 'ready');
    const { args, id: requestId } = await bridge.nth('pbx.originate');
    expect(args).toMatchObject({ pbx: 'main', from: '150', to: one, trunk: 'trunk-a' });
    await soon(async () =>
      expect(await sessionOf('op12')).toMatchObject({ state: 'calling', lead: { number: one } }),
    );
    // The PBX gave it up: the next lead follows.
    bridge.emit({
      kind: 'pbx.originate_failed',
      data: { pbx: 'main', call_id: text(args.call_id), reason: 'no answer' },
    });
    await bridge.stored();
    await soon(async () => {
      await ring(id);
      expect(bridge.of('pbx.originate').map((asked) => asked.args.to)).toEqual([one, two]);
    });
    expect(bridge.of('pbx.originate')[1]?.id).not.toBe(requestId);
    const attempts = items(await as('admin', 'GET', `/api/autodialer/campaigns/${id}/attempts`));
    expect(attempts.at(-1)).toMatchObject({ number: one, via: 'pbx', state: 'ended', user_id: USERS.op12 });
    await command(id, 'stop');
    await agent('op12', 'leave');
  });

  it('sends no call to an agent without an extension, and says so', async () => {
    const id = await newCampaign({ via: 'pbx', wrap_up_seconds: 0 });
    await run(id, [newLeadNumber()]);
    await agent('op13', 'join', { campaign_id: id });
    await agent('op13', 'ready');
    await soon(async () =>
      expect(await sessionOf('op13')).toMatchObject({
        state: 'paused',
        notice: { code: 'refused', message: 'The agent has no extension.' },
      }),
    );
    expect(await progress(id)).toMatchObject({ attempts: { total: 0 }, leads: { waiting: 1 } });
    await command(id, 'stop');
    await agent('op13', 'leave');
    expect(await campaignObject(id).progress()).toMatchObject({ agents: [] });
  });
});
