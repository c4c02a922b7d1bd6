import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import type { CampaignConfig } from '../../worker/db/schema';
import { campaignName } from './contract';
import { CAMPAIGN_MIGRATIONS } from './migrations';

it('goes on with what an older version stored, whose facts had fewer fields', async () => {
  const campaign = env.CAMPAIGN.getByName(campaignName('0101', 'cmp_old'));
  await runInDurableObject(campaign, (_, { storage: { sql } }) => {
    sql.exec(
      "INSERT OR REPLACE INTO meta VALUES ('standing', ?)",
      JSON.stringify({ state: 'stopped', since: 1, by: 'u1' }),
    );
    sql.exec(`INSERT INTO leads (number, zone, zone_source, state, rank, next_at, list_version, created_at)
      VALUES ('+375290000001', 'Europe/Minsk', 'number', 'waiting', 1, 0, 1, 1)`);
  });
  await evictDurableObject(campaign);
  expect(await campaign.leads({ limit: 10 })).toMatchObject({
    items: [{ number: '+375290000001', attempts: 0, result: null }],
  });
  expect(
    await campaign.resume({ id: 'cmp_old', tenantId: '0101', name: 'Old', version: 1, config: CONFIG }, 'u1'),
  ).toEqual({
    ok: false,
    code: 'wrong_state',
    state: 'stopped',
  });
  const steps = await runInDurableObject(campaign, (_, { storage: { sql } }) =>
    sql
      .exec<{ id: number }>('SELECT id FROM object_migrations ORDER BY id')
      .toArray()
      .map(({ id }) => id),
  );
  expect(steps).toEqual(CAMPAIGN_MIGRATIONS.map(({ id }) => id));
});

const CONFIG: CampaignConfig = {
  mode: 'manual',
  via: 'slot',
  agents_required: true,
  agents: null,
  max_concurrent: 1,
  calls_per_minute: 1,
  windows: [{ days: [1], from: '09:00', to: '18:00' }],
  time_zone: null,
  retry: {},
  max_attempts: 1,
  require_consent: false,
  wrap_up_seconds: 0,
  preview_seconds: 0,
  dispositions: [],
  trunk: null,
  starts_at: null,
  ends_at: null,
};
